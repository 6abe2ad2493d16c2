"""Trying again what failed, and stopping what has not come: of one post or of all that match."""

from django.db import transaction
from django.db.models import QuerySet

from labeling.models import CollectJob, Post, VariantJob

RUNG_AT_ONCE = 50
"""Workers are told of so many jobs right away; of the rest by the sweep, while these keep them busy."""


@transaction.atomic
def retry(posts: QuerySet[Post]) -> int:
    """Queue again what failed or was stopped of `posts`: asking X, and downloads. Return how many jobs.

    One that was asked to stop and still runs goes on. What was withdrawn is left as it is.
    """
    # By key: what is written below changes what the query finds.
    failed = list(posts.order_by().values_list("pk", flat=True))
    asking = CollectJob.objects.filter(post__in=failed)
    storing = VariantJob.objects.filter(variant__video__post__in=failed, variant__video__is_withdrawn=False)
    num_going = int(asking.go_on()) + int(storing.go_on())
    first = [*asking.ended_undone()[:RUNG_AT_ONCE], *storing.ended_undone()[:RUNG_AT_ONCE]]
    num_queued = int(asking.retry()) + int(storing.retry())
    for job in first:
        job.ring()
    return num_going + num_queued


@transaction.atomic
def cancel(posts: QuerySet[Post]) -> int:
    """Stop what has not come yet of `posts`; what is stored stays. Return how many jobs are stopped.

    A running one sees it at its next heartbeat; if it was done by then, that counts.
    """
    chosen = list(posts.order_by().values_list("pk", flat=True))
    asking = CollectJob.objects.filter(post__in=chosen)
    storing = VariantJob.objects.filter(variant__video__post__in=chosen)
    return int(asking.cancel()) + int(storing.cancel())
