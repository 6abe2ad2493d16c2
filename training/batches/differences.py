"""What one batch has that another has not: added, removed, and judged otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Case, Exists, OuterRef, QuerySet, When
from django.urls import reverse

from training.batches.upcoming import same_labels
from training.models import BatchItem, TrainingBatch
from training.pages.growth import Cell

CHANGES = {"added": "Added", "removed": "Removed", "relabeled": "Relabeled"}


def before(batch: TrainingBatch) -> TrainingBatch | None:
    """Return what a batch is compared with: the newest one before it, filtered alike if any was."""
    alike = Case(When(filters=batch.filters, then=0), default=1)
    earlier = TrainingBatch.objects.exported().filter(pk__lt=batch.pk)
    found: TrainingBatch | None = earlier.order_by(alike, "-pk").first()
    return found


Items = QuerySet[BatchItem]


def changed(batch: TrainingBatch, other: TrainingBatch, change: str) -> Items:
    """Return the items of one of CHANGES; those that were removed are the other batch's."""
    if change == "removed":
        return _not_in(other, batch)
    return _not_in(batch, other) if change == "added" else _relabeled(batch, other)


def _not_in(batch: TrainingBatch, other: TrainingBatch) -> Items:
    items: Items = batch.items.exclude(settlement__video__in=_videos(other))
    return items


def _relabeled(batch: TrainingBatch, other: TrainingBatch) -> Items:
    """Return items of videos that both have, with other labels; most keep their very settlement."""
    same = BatchItem.objects.filter(
        same_labels("settlement__"), batch=other, settlement__video=OuterRef("settlement__video")
    )
    items: Items = batch.items.exclude(settlement__in=other.items.values("settlement"))
    return items.filter(settlement__video__in=_videos(other)).exclude(Exists(same))


def _videos(batch: TrainingBatch) -> Any:
    return batch.items.values("settlement__video")


@dataclass(frozen=True, slots=True)
class Difference:
    """How a batch differs from another, each number with a link to its videos."""

    other: TrainingBatch
    cells: Sequence[tuple[str, Cell]]


def difference(batch: TrainingBatch, other: TrainingBatch) -> Difference:
    """Count the changes, once: neither batch ever changes."""
    url = reverse("training:batch-videos", args=[batch.slug])
    cells = [
        (name, Cell(_number(batch, other, change), f"{url}?change={change}&against={other.slug}"))
        for change, name in CHANGES.items()
    ]
    return Difference(other, cells)


def _number(batch: TrainingBatch, other: TrainingBatch, change: str) -> int:
    key = f"batch-difference:{batch.digest}:{other.digest}:{change}"
    number = cache.get(key)
    if number is None:
        number = changed(batch, other, change).count()
        cache.set(key, number, timeout=None)
    return int(number)
