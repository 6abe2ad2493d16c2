"""What the page of one batch says."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, QuerySet
from django.urls import reverse

from cakelens.labels import GENERATORS, STYLES, V5_LABELS, Kind, Label
from jobs import workers
from jobs.models import State
from labeling.models import Settlement, Split, Video
from training import forms
from training.batches.counts import MIN_TEST_POSITIVES, NEGATIVE, NOT_JUDGED, POSITIVE, Count
from training.models import TrainingBatch, TrainingRun
from training.pages.bars import Bars, lying
from training.pages.growth import Cell, videos_url

STATE_OF_REASON = {
    "not settled": "unsettled",
    "not stored": "collecting",
    "quarantined": "quarantined",
    "withdrawn": "withdrawn",
}
"""The filter of the videos page that shows who was left out for a reason."""

FILTERED_OUT = "filtered out"
"""The reason that no state of a video tells: it is another one for each batch."""


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One label of a batch: positives in all and by split, then how the rest was judged."""

    name: str
    positives: list[Cell]
    bar: Bars
    others: list[Cell]
    """Negative, then not judged."""
    is_thin: bool
    begins_group: bool


def label_rows(batch: TrainingBatch) -> list[LabelRow]:
    """Return the labels in v5's order."""
    scales = bar_scales(batch)
    return [
        _label_row(batch, label, Count.of_judged(batch, label, POSITIVE), scales[label.kind])
        for label in V5_LABELS
    ]


def bar_scales(batch: TrainingBatch) -> dict[Kind, int]:
    """Return what a full bar stands for, by kind of label: styles are rarer than AI_GEN."""
    totals = {label: Count.of_judged(batch, label, POSITIVE).total for label in V5_LABELS}
    return {Label.AI_GEN.kind: batch.num_videos} | {
        labels[0].kind: max(totals[label] for label in labels) for labels in (STYLES, GENERATORS)
    }


def _label_row(batch: TrainingBatch, label: Label, count: Count, top: int) -> LabelRow:
    url = reverse("training:batch-videos", args=[batch.slug])
    by_split = [Cell(getattr(count, split), videos_url(url, label, split)) for split in Split.values]
    others = [
        Cell(Count.of_judged(batch, label, judged).total, f"{videos_url(url, label)}&judged={name}")
        for judged, name in ((NEGATIVE, forms.NEGATIVE), (NOT_JUDGED, forms.UNJUDGED))
    ]
    return LabelRow(
        label,
        [Cell(count.total, videos_url(url, label)), *by_split],
        lying(count, top),
        others,
        count.total > 0 and count.test < MIN_TEST_POSITIVES,
        label in (STYLES[0], GENERATORS[0]),
    )


def left_out(batch: TrainingBatch) -> list[tuple[str, Cell]]:
    """Return why videos stayed out, with how many and where to find such videos."""
    reasons = sorted(batch.left_out.items(), key=lambda item: -item[1])
    return [(reason, Cell(number, _url_of(reason, batch))) for reason, number in reasons]


def _url_of(reason: str, batch: TrainingBatch) -> str:
    if reason == FILTERED_OUT:
        return reverse("training:batch-filtered-out", args=[batch.slug])
    return f"{reverse('labeling:video-list')}?state={STATE_OF_REASON[reason]}"


def filtered_out(batch: TrainingBatch) -> QuerySet[Video]:
    """Return the videos that were settled at a batch's export, are not in it, and are still fit for one."""
    then = Settlement.objects.filter(video=OuterRef("pk"), created_at__lte=batch.frozen_at)
    taken = batch.items.filter(settlement__video=OuterRef("pk"))
    videos: QuerySet[Video] = Video.objects.exportable().filter(Exists(then))
    return videos.filter(~Exists(taken))


@dataclass(frozen=True, slots=True)
class Runs:
    rows: Sequence[TrainingRun]

    @property
    def are_going(self) -> bool:
        return any(run.state in (State.QUEUED, State.RUNNING) for run in self.rows)

    @property
    def have_worker(self) -> bool:
        """Tell whether anybody takes up what waits."""
        return workers.is_served("train")


def runs_of(batch: TrainingBatch) -> Runs:
    # The page asks every two seconds while a run goes: of its metrics it draws the curve alone.
    runs = batch.runs.annotate(losses=F("metrics__curve")).defer("metrics")
    return Runs(list(runs.order_by("-pk")))
