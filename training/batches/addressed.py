"""Batches by what an address calls them."""

from django.shortcuts import get_object_or_404

from training.models import TrainingBatch


def batch_or_404(**called: str) -> TrainingBatch:
    """Return the exported batch of that `slug`, or of that `digest`.

    Raises:
        Http404: There is none.
    """
    batches = TrainingBatch.objects.exported().select_related("created_by")
    batch: TrainingBatch = get_object_or_404(batches, **called)
    return batch
