"""Batches by what an address calls them."""

from django.http import Http404
from django.shortcuts import get_object_or_404

from training.models import TrainingBatch


def batch_or_404(**called: str) -> TrainingBatch:
    """Return the exported batch of that `slug`, or of that `digest`.

    Raises:
        Http404: There is none.
    """
    batches = TrainingBatch.objects.exported().select_related("created_by")
    # PostgreSQL takes no NUL in a text: there is no batch with one, and no use in asking.
    if any("\0" in text for text in called.values()):
        raise Http404("No batch has a NUL in its name.")
    batch: TrainingBatch = get_object_or_404(batches, **called)
    return batch
