"""What the next batch would add or change, from what stands now: nothing is noted down when it changes."""

from django.db.models import Count, Exists, IntegerField, Max, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Exact

from cakelens.labels import V5_LABELS
from labeling.models import Evidence, Settlement, Video, label_field
from training.models import BatchItem, TrainingBatch


def waiting() -> QuerySet[Video]:
    """Return the videos that the next batch takes and none has as they are settled now.

    What a batch's filters left out waits on: only a batch without any had its say about every video, and what
    is no longer in that one (it was quarantined then, say) waits again.
    """
    since = _batches_that_count()
    taken = BatchItem.objects.filter(batch__in=since, settlement=OuterRef("settlement_id"))
    as_before = Settlement.objects.filter(_is_taken_alike(since), pk=OuterRef("settlement_id"))
    videos: QuerySet[Video] = Video.objects.exportable().filter(~Exists(taken)).filter(~Exists(as_before))
    return videos


def count_waiting() -> tuple[int, int]:
    """Count the videos that wait, and those of them that are only settled anew: it does not add those."""
    held = BatchItem.objects.filter(batch__in=_batches_that_count(), settlement__video=OuterRef("pk"))
    videos = waiting().annotate(is_held=Exists(held))
    found = videos.aggregate(all=Count("pk"), anew=Count("pk", filter=Q(is_held=True)))
    return found["all"], found["anew"]


def _batches_that_count() -> list[int]:
    """Return the newest batch that took everything, and what was exported after it; all if none did."""
    exported = TrainingBatch.objects.exported()
    whole = exported.filter(filters={}).aggregate(newest=Coalesce(Max("pk"), 0))
    # Their numbers, not a subquery: from them the database knows how many items they have, and plans by it.
    return [*exported.filter(pk__gte=whole["newest"]).values_list("pk", flat=True)]


def _is_taken_alike(batches: list[int]) -> Exists:
    """Tell of a settlement whether one before it is in a batch and gives the same row of a manifest."""
    items = BatchItem.objects.filter(
        same_labels(),
        batch__in=batches,
        # Not the very same: right after an export the database may compare each with itself before it asks.
        settlement__lt=OuterRef("pk"),
        settlement__video=OuterRef("video"),
        settlement__method=OuterRef("method"),
    )
    items = items.annotate(now=OuterRef("pk"))
    return Exists(items.exclude(_has_more("now", "settlement")).exclude(_has_more("settlement", "now")))


def _has_more(one: str, other: str) -> Exists:
    """Tell whether a settlement rests on a kind of evidence that another does not rest on."""
    kinds = Evidence.objects.filter(annotation__settlements=OuterRef(OuterRef(other))).values("kind")
    return Exists(Evidence.objects.filter(annotation__settlements=OuterRef(one)).exclude(kind__in=kinds))


def same_labels(outer: str = "") -> Q:
    """Return the condition that an item judges each label as the outer row does; not judged is alike, too."""
    condition = Q()
    for label in V5_LABELS:
        field = label_field(label)
        now = OuterRef(f"{outer}{field}")
        condition &= Q(Exact(_as_number(f"settlement__{field}"), _as_number(now)))
    return condition


def _as_number(judged: str | OuterRef) -> Coalesce:
    return Coalesce(Cast(judged, IntegerField()), Value(-1))
