"""How far people agree, label by label, beyond what chance would bring.

Only counts are kept: for each label, how many videos had so many yes and so many no. Answers are read one by
one, so that memory does not grow with them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.db.models import Count

from cakelens.labels import V5_LABELS, Label
from labeling.models import GOLD, REVIEW, Annotation, Outcome, label_field

Units = Counter[tuple[int, int]]
"""Videos by how many people said yes and how many said no."""


def krippendorffs_alpha(units: Units) -> float | None:
    """Return Krippendorff's alpha for a nominal yes or no; None where nobody could have disagreed.

    Source: Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C.
    """
    paired = {counts: n for counts, n in units.items() if sum(counts) >= 2}
    num_yes = sum(yes * n for (yes, _), n in paired.items())
    num_no = sum(no * n for (_, no), n in paired.items())
    total = num_yes + num_no
    if not num_yes or not num_no:
        return None
    observed = sum(n * yes * no / (yes + no - 1) for (yes, no), n in paired.items())
    return 1 - (total - 1) * observed / (num_yes * num_no)


def gwets_ac(units: Units) -> float | None:
    """Return Gwet's AC2; with two categories and nothing between them it is his AC1.

    It holds where alpha does not: on a label that nearly nobody says, alpha is low however much they agree.
    Source: Gwet, Computing inter-rater reliability and its variance in the presence of high agreement (2008).
    """
    judged = {counts: n for counts, n in units.items() if sum(counts)}
    paired = {counts: n for counts, n in judged.items() if sum(counts) >= 2}
    if not paired:
        return None
    agreed = sum(
        n * (yes * (yes - 1) + no * (no - 1)) / ((yes + no) * (yes + no - 1))
        for (yes, no), n in paired.items()
    ) / sum(paired.values())
    share = sum(n * yes / (yes + no) for (yes, no), n in judged.items()) / sum(judged.values())
    by_chance = 2 * share * (1 - share)
    return (agreed - by_chance) / (1 - by_chance)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far people agree on one label, of videos that were judged by two or more."""

    label: Label
    units: Units

    @property
    def num_videos(self) -> int:
        return sum(n for counts, n in self.units.items() if sum(counts) >= 2)

    @property
    def num_disputed(self) -> int:
        return sum(n for (yes, no), n in self.units.items() if yes and no)

    @property
    def alpha(self) -> float | None:
        return krippendorffs_alpha(self.units)

    @property
    def ac2(self) -> float | None:
        return gwets_ac(self.units)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one kind of video, per label."""

    units: dict[Label, Units] = field(default_factory=lambda: {label: Units() for label in V5_LABELS})

    def add(self, answers: Iterable[dict[str, Any]]) -> None:
        """Count the answers that stand for one video."""
        rows = list(answers)
        for label in V5_LABELS:
            said = [row[label_field(label)] for row in rows]
            self.units[label][(said.count(True), said.count(False))] += 1

    def agreements(self) -> list[Agreement]:
        return [Agreement(label, self.units[label]) for label in V5_LABELS]


@dataclass(frozen=True, slots=True)
class Report:
    """Agreement where suggestions could be seen, and on blind videos, where none led anybody."""

    shown: list[Agreement]
    blind: list[Agreement]

    @property
    def rows(self) -> list[tuple[Label, Agreement, Agreement]]:
        return [(each.label, each, blind) for each, blind in zip(self.shown, self.blind, strict=True)]

    @property
    def is_empty(self) -> bool:
        return not any(each.num_videos for each in (*self.shown, *self.blind))


def report() -> Report:
    """Read every video that two or more people judged, and return how far they agree."""
    tallies = {False: Tally(), True: Tally()}
    for answers in shared_answers():
        tallies[answers[0]["video__is_blind"]].add(answers)
    return Report(tallies[False].agreements(), tallies[True].agreements())


def shared_answers() -> Iterator[list[dict[str, Any]]]:
    """Yield, video by video, the answers that stand where two or more people gave one."""
    asked: Any = Annotation.objects.all()
    asked = asked.exclude(picked_by__in=(GOLD, REVIEW))
    shared = asked.values("video").annotate(people=Count("labeler", distinct=True)).filter(people__gte=2)
    columns = ("video", "labeler", "outcome", "created_at", "video__is_blind", *map(label_field, V5_LABELS))
    rows = asked.filter(video__in=shared.values("video")).order_by("video", "labeler", "-pk").values(*columns)
    for _, of_video in groupby(rows.iterator(), key=lambda row: row["video"]):
        newest = [next(of_person) for _, of_person in groupby(of_video, key=lambda row: row["labeler"])]
        answers = [row for row in newest if row["outcome"] == Outcome.LABELED]
        if len(answers) > 1:
            yield answers
