"""Which workers live: each writes a row every few seconds, however busy its threads are.

A ping through the broker is answered by no `solo` worker while it works, and by none while the broker is
away; a row is. Nothing depends on it but what a person is told.
"""

import logging
import os
import socket
import threading
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import NoReturn

from django.db import DatabaseError, connection, models
from django.utils import timezone

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 10
GONE_AFTER = timedelta(seconds=6 * INTERVAL_SECONDS)
FORGOTTEN_AFTER = timedelta(days=1)


class WorkerBeat(models.Model):
    """A worker process, and when it was seen last."""

    name = models.CharField(max_length=200, unique=True)
    queues = models.JSONField(default=list)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


def show(queues: Iterable[str]) -> None:
    """Have this process seen as a worker of `queues` as long as it lives."""
    threading.Thread(target=_beat_for_ever, args=(sorted(queues),), name="beat", daemon=True).start()


def _beat_for_ever(queues: list[str]) -> NoReturn:
    pause = threading.Event()
    while True:
        beat(queues)
        pause.wait(INTERVAL_SECONDS)


def beat(queues: list[str]) -> None:
    """Write down that this process lives, and forget those that are long gone."""
    now, name = timezone.now(), f"{socket.gethostname()}:{os.getpid()}"
    try:
        WorkerBeat.objects.update_or_create(name=name, defaults={"queues": queues, "seen_at": now})
        WorkerBeat.objects.filter(seen_at__lt=now - FORGOTTEN_AFTER).delete()
    except DatabaseError as exc:  # it is restarting, or busy: the next beat tries again
        logger.warning("This worker could not show that it lives: %s", exc)
    finally:
        if not connection.in_atomic_block:
            connection.close()


def living() -> Counter[str]:
    """Return how many processes work on each queue."""
    seen = WorkerBeat.objects.filter(seen_at__gte=timezone.now() - GONE_AFTER)
    return Counter(queue for queues in seen.values_list("queues", flat=True) for queue in queues)


def is_served(queue: str) -> bool:
    """Tell whether anybody works on a queue."""
    return living()[queue] > 0
