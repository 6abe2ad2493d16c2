"""The sweeper: rings for what is due and closes what can never finish."""

import logging
from collections.abc import Iterator
from datetime import datetime

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from jobs.models import LeasedJob, State

logger = logging.getLogger(__name__)

RINGS_PER_SWEEP = 500
DIED = "Its worker died each time it was tried. Look into the worker's log, then retry it."


def job_models() -> Iterator[type[LeasedJob]]:
    """Yield every concrete kind of leased job."""
    return (model for model in apps.get_models() if issubclass(model, LeasedJob))


def forget_rings() -> None:
    """Have the next sweep ring for all that is due: the broker, in memory, was lost with its process."""
    for model in job_models():
        model.objects.unfinished().update(enqueued_at=None)


def sweep() -> int:
    """Ring for due jobs that nobody was told of lately and close dead ones. Return the rings."""
    return sum(_sweep_model(model) for model in job_models())


def _sweep_model(model: type[LeasedJob]) -> int:
    now = timezone.now()
    model.objects.stopped(now).update(state=State.CANCELLED, finished_at=now)
    if model.objects.given_up(now).exists():
        num_lost = _give_up(model, now)
        logger.error("%s %s jobs failed: their worker died each time.", num_lost, model.__name__)
    due = list(model.objects.unrung(now).order_by("next_try_at")[:RINGS_PER_SWEEP])
    for job in due:
        job.ring()
    return len(due)


@transaction.atomic
def _give_up(model: type[LeasedJob], now: datetime) -> int:
    lost, reason = model.objects.given_up(now), {"kind": "worker_died", "message": DIED}
    model.mark_undone(lost, **reason)
    return lost.update(
        state=State.FAILED, finished_at=now, failure_kind=reason["kind"], failure_message=reason["message"]
    )
