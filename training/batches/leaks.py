"""Footage on both sides of a batch's split: what must never be exported, and what was learned too late.

Whoever verifies that two videos are neighbours joins their groups in the same transaction: a batch
without a group on both sides has no verified neighbours on both sides either.
"""

from collections.abc import Iterator

from django.db.models import F, Max, Min, Q, QuerySet

from labeling.models import Variant, VariantState
from training.models import BatchItem, TrainingBatch

STORED = Q(settlement__video__variants__state=VariantState.STORED)


def known(batch: TrainingBatch) -> Iterator[str]:
    """Yield what leaks in a batch by what the database knows now."""
    for key in _on_both_sides(batch.items.all(), "settlement__video__group__key"):
        yield f"Group {key} stands on both sides of the split."
    for sha256 in _on_both_sides(batch.items.filter(STORED), "settlement__video__variants__sha256"):
        videos = Variant.objects.stored().filter(sha256=sha256).values_list("video__key", flat=True)
        yield f"The same file, {sha256[:12]}…, stands on both sides of the split: {', '.join(videos)}."


def _on_both_sides(items: QuerySet[BatchItem], footage: str) -> Iterator[str]:
    spans = items.order_by().values(footage).annotate(first=Min("split"), last=Max("split"))
    return iter(spans.exclude(first=F("last")).values_list(footage, flat=True))
