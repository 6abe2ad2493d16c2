"""Trying again what failed, and stopping what has not come: of one post or of all that match."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from jobs.models import LeasedJobQuerySet, State
from labeling.models import CollectJob, Post, Variant, VariantJob, VariantState

RUNG_AT_ONCE = 50
"""Workers are told of so many jobs right away; of the rest by the sweep, while these keep them busy."""

CANCELLED = {"failure_kind": "cancelled", "failure_message": "Somebody stopped it. Try again to go on."}
FORGOTTEN = {"failure_kind": "", "failure_message": ""}
ENDED = [State.FAILED, State.CANCELLED]


@transaction.atomic
def retry(posts: QuerySet[Post]) -> int:
    """Queue again what failed or was stopped of `posts`: asking X, and downloads. Return how many jobs."""
    # By key: what is written below changes what the query finds.
    failed = list(posts.order_by().values_list("pk", flat=True))
    asking = CollectJob.objects.filter(post__in=failed, state__in=ENDED)
    storing = VariantJob.objects.filter(variant__video__post__in=failed, state__in=ENDED)
    to_ask, to_store = _keys(asking), _keys(storing)
    Post.objects.filter(job__in=to_ask).update(**FORGOTTEN)
    waiting = Variant.objects.filter(job__in=to_store, state=VariantState.FAILED)
    waiting.update(state=VariantState.WAITING, **FORGOTTEN)
    for jobs, keys in ((CollectJob.objects, to_ask), (VariantJob.objects, to_store)):
        jobs.filter(pk__in=keys).retry()
        for job in jobs.filter(pk__in=keys[:RUNG_AT_ONCE]):
            job.ring()
    return len(to_ask) + len(to_store)


@transaction.atomic
def cancel(posts: QuerySet[Post]) -> int:
    """Stop what has not come yet of `posts`; what is stored stays. Return how many jobs are stopped.

    A running one sees it at its next heartbeat; if it was done by then, that counts.
    """
    chosen = list(posts.order_by().values_list("pk", flat=True))
    asking = CollectJob.objects.unfinished().filter(post__in=chosen)
    storing = VariantJob.objects.unfinished().filter(variant__video__post__in=chosen)
    Post.objects.filter(job__in=_keys(asking), collected_at=None).update(**CANCELLED)
    waiting = Variant.objects.filter(job__in=_keys(storing), state=VariantState.WAITING)
    waiting.update(state=VariantState.FAILED, **CANCELLED)
    return int(asking.cancel()) + int(storing.cancel())


def _keys(jobs: LeasedJobQuerySet[Any]) -> list[int]:
    return list(jobs.values_list("pk", flat=True))
