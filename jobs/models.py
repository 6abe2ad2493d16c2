"""A job that survives its worker: a row with a lease.

The database is the truth, the broker a doorbell. A conditional UPDATE claims a job, a heartbeat renews
its lease, an UPDATE fenced by the owner finishes it, and a sweeper rings again for what is due. A job
delivered twice is claimed once; a worker that dies lets go when its lease runs out (docs/adr/0002).
"""

import os
import socket
import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self, TypeVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from jobs import doorbell
from jobs.workers import WorkerBeat as WorkerBeat  # a model is found where Django looks for models

LEASE = timedelta(seconds=settings.JOB_LEASE_SECONDS)
RING_AGAIN_AFTER = 2 * LEASE
BACKOFF = (timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))

STOPPED = "Somebody stopped it. Try again to go on."

J = TypeVar("J", bound="LeasedJob")


class State(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class JobInterrupted(Exception):
    """The job must stop now; its row already says why."""


class LeaseLost(JobInterrupted):
    """Someone else owns the job now. Write nothing more."""


class Cancelled(JobInterrupted):
    """A person asked for the job to stop."""


def new_owner() -> str:
    """Name one claim. Unique each time: a redelivered task keeps its task id, a claim must not."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


class LeasedJobQuerySet(models.QuerySet[J]):
    def unfinished(self) -> Self:
        return self.filter(state__in=[State.QUEUED, State.RUNNING])

    def due(self, now: datetime) -> Self:
        """Jobs that a worker may claim at `now`: waiting ones whose time has come, and orphans."""
        waiting = Q(state=State.QUEUED, next_try_at__lte=now)
        orphaned = Q(state=State.RUNNING, lease_until__lt=now, is_cancel_requested=False)
        return self.filter(waiting | orphaned, attempts__lt=F("max_attempts"))

    def stopped(self, now: datetime) -> Self:
        """Orphans that were asked to stop: nobody is left to see it."""
        return self.filter(state=State.RUNNING, lease_until__lt=now, is_cancel_requested=True)

    def given_up(self, now: datetime) -> Self:
        """Orphans without attempts left: whatever runs them dies each time."""
        orphaned = self.filter(state=State.RUNNING, lease_until__lt=now, is_cancel_requested=False)
        return orphaned.filter(attempts__gte=F("max_attempts"))

    def unrung(self, now: datetime) -> Self:
        """Due jobs nobody was told of lately. Ringing for each on every sweep floods the broker."""
        return self.due(now).filter(Q(enqueued_at=None) | Q(enqueued_at__lt=now - RING_AGAIN_AFTER))

    def claim(self, pk: int, *, owner: str | None = None) -> J | None:
        """Lease one due job; None if someone else was first or it is not due.

        The WHERE clause is the lock: one UPDATE, no `select_for_update`.
        """
        now = timezone.now()
        owner = owner or new_owner()
        won = (
            self.due(now)
            .filter(pk=pk)
            .update(
                state=State.RUNNING,
                owner=owner,
                lease_until=now + LEASE,
                attempts=F("attempts") + 1,
                started_at=now,
            )
        )
        return self.get(pk=pk) if won else None

    def claim_next(self) -> J | None:
        """Lease the oldest due job, for a worker that polls; None if nothing is due."""
        for pk in self.due(timezone.now()).order_by("next_try_at", "pk").values_list("pk", flat=True)[:8]:
            if job := self.claim(pk):
                return job
        return None

    @transaction.atomic
    def cancel(self) -> int:
        """Ask unfinished jobs to stop; running ones see it at their next heartbeat."""
        now = timezone.now()
        self.model.mark_undone(self.unfinished(), kind="cancelled", message=STOPPED)
        waiting = self.filter(state=State.QUEUED).update(state=State.CANCELLED, finished_at=now)
        return waiting + self.filter(state=State.RUNNING).update(is_cancel_requested=True)

    @transaction.atomic
    def go_on(self) -> int:
        """Take `cancel` back for running jobs that have not seen it yet."""
        stopping = self.filter(state=State.RUNNING, is_cancel_requested=True)
        self.model.mark_wanted(stopping)
        return stopping.update(is_cancel_requested=False)

    def ended_undone(self) -> Self:
        return self.filter(state__in=[State.FAILED, State.CANCELLED])

    @transaction.atomic
    def retry(self) -> int:
        """Queue failed and cancelled jobs again, with all their attempts."""
        self.model.mark_wanted(self.ended_undone())
        return self.ended_undone().update(
            state=State.QUEUED,
            attempts=0,
            next_try_at=timezone.now(),
            enqueued_at=None,
            is_cancel_requested=False,
            failure_kind="",
            failure_message="",
            finished_at=None,
        )


class LeasedJob(models.Model):
    """One unit of work. Subclasses name the Celery task that does it."""

    task_name: ClassVar[str]

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    owner = models.CharField(max_length=120, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    next_try_at = models.DateTimeField(default=timezone.now)
    enqueued_at = models.DateTimeField(null=True, blank=True, editable=False)
    progress = models.FloatField(default=0, help_text="Done share, 0 to 1.")
    is_cancel_requested = models.BooleanField(default=False)
    failure_kind = models.CharField(max_length=40, blank=True)
    failure_message = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[LeasedJobQuerySet[Any]] = LeasedJobQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_running_has_lease",
                condition=~Q(state=State.RUNNING) | Q(lease_until__isnull=False),
            ),
        ]
        indexes = [
            # What the sweeper and polling workers ask, on the few rows that are not finished.
            models.Index(
                name="%(app_label)s_%(class)s_due",
                fields=["next_try_at"],
                condition=Q(state__in=[State.QUEUED, State.RUNNING]),
            )
        ]

    def ring(self) -> None:
        """Tell a worker once the surrounding transaction is committed. Safe to call twice."""
        type(self).objects.filter(pk=self.pk).update(enqueued_at=timezone.now())
        transaction.on_commit(lambda: doorbell.ring(self.task_name, self.pk))

    @classmethod
    def mark_undone(cls, jobs: "LeasedJobQuerySet[Any]", *, kind: str, message: str) -> None:
        """Tell what `jobs` are for that nobody is at it any more, and why.

        Whoever looks at a post or a variant must not see it wait for a job that has ended. Called before
        the rows of the jobs change, in one transaction with that.
        """

    @classmethod
    def mark_wanted(cls, jobs: "LeasedJobQuerySet[Any]") -> None:
        """Take back what `mark_undone` said: `jobs` are tried again."""

    def _fenced(self) -> LeasedJobQuerySet[Any]:
        return type(self).objects.filter(pk=self.pk, owner=self.owner, state=State.RUNNING)

    def beat(self, progress: float | None = None) -> None:
        """Renew the lease and write the progress.

        Raises:
            LeaseLost: Another worker took over. Nothing was written.
            Cancelled: A person cancelled the job; the row is closed as cancelled.
        """
        values: dict[str, Any] = {"lease_until": timezone.now() + LEASE}
        if progress is not None:
            values["progress"] = progress
        if self._fenced().filter(is_cancel_requested=False).update(**values):
            return
        if self._close(State.CANCELLED):
            raise Cancelled(f"{self} was cancelled.")
        raise LeaseLost(f"{self} belongs to another worker now.")

    def finish(self) -> bool:
        """Close the job as done; False if the lease was lost and nothing was written."""
        return self._close(State.DONE, progress=1.0, failure_kind="", failure_message="")

    @transaction.atomic
    def fail(self, error: Exception, *, kind: str | None = None) -> bool:
        """Close the job as failed, for good."""
        kind, message = kind or kind_of(error), str(error)
        self.mark_undone(self._fenced(), kind=kind, message=message)
        return self._close(State.FAILED, failure_kind=kind, failure_message=message)

    def retry_later(self, error: Exception, *, at: datetime | None = None) -> bool:
        """Queue the job again at `at` (default: growing pauses); fail it when no attempt is left."""
        if self.attempts >= self.max_attempts:
            return self.fail(error)
        pause = BACKOFF[min(self.attempts, len(BACKOFF)) - 1]
        return self._let_go(
            next_try_at=at or timezone.now() + pause,
            failure_kind=kind_of(error),
            failure_message=str(error),
        )

    def hand_back(self) -> bool:
        """Give the job back unfinished, without counting the attempt: the worker is stopping."""
        return self._let_go(attempts=F("attempts") - 1, next_try_at=timezone.now())

    def _let_go(self, **values: Any) -> bool:
        """Queue the job again, or close it if it was cancelled meanwhile."""
        values |= {"state": State.QUEUED, "owner": "", "lease_until": None, "enqueued_at": None}
        let_go = self._fenced().filter(is_cancel_requested=False).update(**values)
        return bool(let_go) or self._close(State.CANCELLED)

    def _close(self, state: State, **values: Any) -> bool:
        closed = bool(self._fenced().update(state=state, finished_at=timezone.now(), **values))
        if closed:
            self.refresh_from_db()
        return closed

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


def kind_of(error: Exception) -> str:
    """Return the error's own `kind`, or its class name in snake case."""
    kind = getattr(error, "kind", "")
    return (
        str(kind)
        if kind
        else "".join(f"_{c.lower()}" if c.isupper() else c for c in type(error).__name__)[1:]
    )
