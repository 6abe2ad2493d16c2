"""What the page of one video shows, and to whom.

What another person said, or a model of a blind video, would be in a labeler's mind when the video comes up:
until it is settled, only reviewers see it (labeling/withholding.py).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models.functions import Coalesce

from cakelens.labels import V5_LABELS, Label
from labeling import reviewing, withholding
from labeling.models import REVIEW, Annotation, GoldAnswer, Outcome, Settlement, Variant, Video
from labeling.timeline import Timeline, timeline_of

LARGEST_FIRST = (Coalesce("width", "declared_width", 0).desc(), "pk")
"""A file that is not stored stands where its declared size puts it."""

LIKELY = 0.2
"""Labels below this are not named beside AI_GEN."""

TWINS_SHOWN = 12
TAKEN_BACK: dict[str, str] = {Outcome.UNDONE: "taken back", Outcome.VOIDED: "declared void"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one model says of the video, with the score of each frameset it saw."""

    prediction: Any
    ai_gen: Any
    others: list[Any]
    timeline: Timeline | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the history, and what became of it."""

    answer: Annotation
    taken_back: str

    @property
    def by(self) -> Any:
        """Who did it: declaring somebody's answer void is not that person's doing."""
        act = self.answer.voiding if self.answer.outcome == Outcome.VOIDED else None
        return act.by if act else self.answer.labeler

    @property
    def is_decision(self) -> bool:
        return self.answer.picked_by == REVIEW and self.answer.outcome == Outcome.LABELED


class VideoPage:
    def __init__(self, video: Video, user: Any, *, variant: str = "") -> None:
        withholding.withhold(user, [video])
        self.video = video
        self.user = user
        self.wanted = variant

    @cached_property
    def variants(self) -> list[Variant]:
        return list(self.video.variants.order_by(*LARGEST_FIRST))

    @cached_property
    def stored(self) -> list[Variant]:
        return [variant for variant in self.variants if variant.name]

    @property
    def variant(self) -> Variant | None:
        """The variant that plays: the one asked for, else the largest."""
        wanted = (variant for variant in self.stored if str(variant.pk) == self.wanted)
        return next(wanted, self.stored[0] if self.stored else None)

    @cached_property
    def is_reviewer(self) -> bool:
        return withholding.is_told_all(self.user)

    @cached_property
    def is_open(self) -> bool:
        """Tell whether this person may see what models said."""
        here = Video.objects.filter(pk=self.video.pk)
        return bool(withholding.told_by_models(self.user, here).exists())

    @property
    def sees_answers(self) -> bool:
        """Tell whether this person may see what others said: the second judge is not to follow the first."""
        return self.is_reviewer or self.video.settlement_id is not None

    @cached_property
    def judgements(self) -> list[Judgement]:
        """What each model says, the one that is served first, then the newest."""
        if not self.is_open:
            return []
        found = self.video.predictions.select_related("model", "scores").defer("model__metrics")
        found = found.order_by("-is_served", "-pk")
        return [self._judgement(prediction) for prediction in found]

    def _judgement(self, prediction: Any) -> Judgement:
        suggestions = prediction.suggestions()
        others = [each for each in suggestions if each.label != Label.AI_GEN and each.probability >= LIKELY]
        return Judgement(
            prediction,
            next(each for each in suggestions if each.label == Label.AI_GEN),
            sorted(others, key=lambda each: -each.probability),
            timeline_of(prediction, self.stored),
        )

    @cached_property
    def history(self) -> list[Entry]:
        """Every answer, the newest first; while the video waits for labels, only this person's own."""
        beside = ("labeler", "replaces", "reply__reviewer", "voiding__by")
        answers = self.video.annotations.select_related(*beside)
        answers = answers.prefetch_related("evidence").order_by("-pk")
        rows = list(answers if self.sees_answers else answers.filter(labeler=self.user))
        taken_back = {row.replaces_id: row.outcome for row in rows if row.outcome in TAKEN_BACK}
        return [Entry(row, TAKEN_BACK.get(taken_back.get(row.pk, ""), "")) for row in rows]

    @cached_property
    def own_decisions(self) -> list[Annotation]:
        """What this person decided of it as a reviewer, and may take back."""
        if not self.is_reviewer:
            return []
        return list(reviewing.own_decisions(self.user).filter(video=self.video))

    @cached_property
    def is_gold(self) -> bool:
        """Tell whether labelers are tested with it: for reviewers alone."""
        return GoldAnswer.objects.in_use().filter(video=self.video).exists()

    @cached_property
    def settlements(self) -> list[Settlement]:
        return list(self.video.settlements.order_by("-pk"))

    @property
    def positives(self) -> list[Label]:
        return self.video.settlement.positive_labels() if self.video.settlement else []

    @property
    def not_judged(self) -> list[Label]:
        judged = self.video.settlement.labels() if self.video.settlement else {}
        return [label for label in V5_LABELS if label in judged and judged[label] is None]

    @property
    def is_only_ai_gen_judged(self) -> bool:
        return len(self.not_judged) == len(V5_LABELS) - 1

    @cached_property
    def twins(self) -> list[Video]:
        """Other videos that are the same footage."""
        if self.video.group is None:
            return []
        others = self.video.group.videos.exclude(pk=self.video.pk).defer("fingerprint")
        twins = list(others.select_related("post", "settlement").order_by("pk")[:TWINS_SHOWN])
        withholding.withhold(self.user, twins)
        return twins

    @property
    def hides_labels(self) -> bool:
        """Tell whether a twin's labels would say too much: the footage is the same."""
        return self.video.is_blind and not self.sees_answers
