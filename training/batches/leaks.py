"""Footage on both sides of a batch's split: what must never be exported, and what was learned too late.

Whoever verifies that two videos are neighbours joins their groups in the same transaction: a batch
without a group on both sides has no verified neighbours on both sides either.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from django.db.models import F, Max, Min, Q, QuerySet
from django.urls import reverse

from labeling.models import Split, VariantState, Video
from training.models import BatchItem, TrainingBatch

STORED = Q(settlement__video__variants__state=VariantState.STORED)


@dataclass(frozen=True, slots=True)
class Leak:
    """One footage on both sides, and the first video of it on each side, by split."""

    footage: str
    videos: dict[str, Video]

    @classmethod
    def of(cls, footage: str, items: QuerySet[BatchItem]) -> Self:
        ordered = items.select_related("settlement__video").order_by("pk")
        firsts = ((split, ordered.filter(split=split).first()) for split in Split.values)
        return cls(footage, {split: item.settlement.video for split, item in firsts if item})

    def __str__(self) -> str:
        sides = ", ".join(f"{video.key} in {split}" for split, video in self.videos.items())
        return f"{self.footage} stands on both sides of the split: {sides}."

    @property
    def remedy(self) -> str:
        """What a person can do before the export: which side stays is nobody else's to say."""
        pages = (reverse("admin:labeling_video_change", args=[video.pk]) for video in self.videos.values())
        return (
            "Keep one side out: an admin writes the reason into its field Quarantine, at "
            f"{' or '.join(pages)}. Then export again."
        )


def known(batch: TrainingBatch) -> Iterator[Leak]:
    """Yield what leaks in a batch by what the database knows now."""
    items: QuerySet[BatchItem] = batch.items.all()
    for key in _on_both_sides(items, "settlement__video__group__key"):
        yield Leak.of(f"Group {key}", items.filter(settlement__video__group__key=key))
    stored = items.filter(STORED)
    for sha256 in _on_both_sides(stored, "settlement__video__variants__sha256"):
        same = stored.filter(settlement__video__variants__sha256=sha256)
        yield Leak.of(f"The same file, {sha256[:12]}…,", same)


def _on_both_sides(items: QuerySet[BatchItem], footage: str) -> Iterator[str]:
    spans = items.order_by().values(footage).annotate(first=Min("split"), last=Max("split"))
    return iter(spans.exclude(first=F("last")).values_list(footage, flat=True))
