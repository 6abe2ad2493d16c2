"""Keeping a lease alive from beside the work, for work that cannot stop to do it."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection

from jobs.models import LEASE, JobInterrupted, LeasedJob

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = LEASE.total_seconds() / 4


class Pulse:
    """Tells the work whether it still owns its job."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self.interruption: JobInterrupted | None = None

    def check(self) -> None:
        """Raise what ended the job meanwhile, if something did.

        Raises:
            LeaseLost: Another worker took over.
            Cancelled: A person cancelled the job.
        """
        if self.interruption is not None:
            raise self.interruption


@contextmanager
def kept_alive(job: LeasedJob) -> Iterator[Pulse]:
    """Renew the lease of `job` from a thread with a connection of its own while the block runs."""
    pulse = Pulse()
    thread = threading.Thread(target=_beat_until_stopped, args=(job, pulse), daemon=True)
    thread.start()
    try:
        yield pulse
    finally:
        pulse.stopped.set()
        thread.join()


def _beat_until_stopped(job: LeasedJob, pulse: Pulse) -> None:
    try:
        while not pulse.stopped.wait(INTERVAL_SECONDS):
            _beat(job, pulse)
    except JobInterrupted as exc:
        pulse.interruption = exc
    finally:
        connection.close()


def _beat(job: LeasedJob, pulse: Pulse) -> None:
    try:
        job.beat()
    except OperationalError as exc:
        # SQLite is locked by the work itself, or PostgreSQL is restarting: the next beat tries again.
        logger.warning("%s could not renew its lease: %s", job, exc)
