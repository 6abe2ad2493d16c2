"""What a batch is made of: classes, files, evidence; each number a link to its videos."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from cakelens.labels import GENERATORS, Label
from labeling.controls import NOT_AI
from labeling.models import EvidenceKind
from labeling.templatetags.figures import label_word
from training.batches.counts import Count
from training.batches.ranges import DURATIONS, RESOLUTIONS
from training.batches.tally import NO_EVIDENCE
from training.models import TrainingBatch


@dataclass(frozen=True, slots=True)
class Bar:
    """One value of a fact."""

    name: str
    number: int
    share: float
    url: str

    @property
    def path(self) -> str:
        """A bar over 100 units that stand for the whole batch."""
        return f"M0 0h{100 * self.share:.1f}v8H0z"


@dataclass(frozen=True, slots=True)
class Fact:
    title: str
    bars: list[Bar]


def facts(batch: TrainingBatch) -> Iterator[Fact]:
    """Yield what is known of a batch, in the page's order. Older batches know less."""
    classes = [(name, label_word(name)) for name in (Label.AI_GEN, NOT_AI)]
    yield _fact(batch, "Classes", "label", classes, {n: Count.of_series(batch, n).total for n, _ in classes})
    kinds = {str(name): Count.of_series(batch, name).total for name in GENERATORS}
    generators = [(name, name) for name in sorted(kinds, key=lambda name: -kinds[name]) if kinds[name]]
    yield _fact(batch, "Generators", "label", generators, kinds)
    evidence = [*EvidenceKind.choices, (NO_EVIDENCE, "None")]
    for title, key, values in (
        ("Evidence", "evidence", evidence),
        ("Resolution", "resolution", [(name, name) for name, _ in RESOLUTIONS]),
        ("Duration", "duration", [(name, name) for name, _ in DURATIONS]),
    ):
        if counts := batch.facts.get(key):
            yield _fact(batch, title, key, values, counts)


def _fact(
    batch: TrainingBatch, title: str, key: str, values: list[tuple[str, str]], counts: dict[str, int]
) -> Fact:
    url = reverse("training:batch-videos", args=[batch.slug])
    whole = max(batch.num_videos, 1)
    bars = [
        Bar(
            word, counts.get(value, 0), counts.get(value, 0) / whole, f"{url}?{key}={value.replace(' ', '+')}"
        )
        for value, word in values
    ]
    return Fact(title, bars)


def largest_groups(batch: TrainingBatch) -> list[Bar]:
    """Return the groups with the most videos: one footage, many posts."""
    url = reverse("training:batch-videos", args=[batch.slug])
    groups = batch.facts.get("groups", {}).items()
    largest = sorted(groups, key=lambda item: -item[1])
    return [
        Bar(key, number, number / max(batch.num_videos, 1), f"{url}?group={key}") for key, number in largest
    ]
