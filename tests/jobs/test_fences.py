"""Ending a job: only the owner may, whatever happened meanwhile."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.models import BACKOFF, LEASE, Cancelled, LeasedJob, LeaseLost, State, kind_of
from labeling.models import CollectJob
from tests.factories import make_job

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


class ServerBusy(Exception):
    pass


class NamedError(Exception):
    kind = "rate_limited"


def claimed(**fields: object) -> CollectJob:
    job = CollectJob.objects.claim(make_job(**fields).pk)
    assert job is not None
    return job


def taken_over(job: CollectJob) -> CollectJob:
    """Let the lease of `job` run out and another worker claim it."""
    CollectJob.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    other = CollectJob.objects.claim(job.pk, owner="other")
    assert other is not None
    return other


def test_beat_renews_the_lease_and_writes_progress() -> None:
    job = claimed()
    CollectJob.objects.filter(pk=job.pk).update(lease_until=timezone.now())

    before = timezone.now()
    job.beat(0.25)

    job.refresh_from_db()
    assert job.progress == 0.25
    assert job.lease_until is not None
    assert job.lease_until >= before + LEASE


def test_beat_of_a_late_owner_keeps_a_job_that_nobody_took() -> None:
    job = claimed()
    CollectJob.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(hours=1))

    job.beat()

    assert CollectJob.objects.claim(job.pk) is None


def test_beat_after_a_takeover_says_the_lease_is_lost() -> None:
    job = claimed()
    other = taken_over(job)

    with pytest.raises(LeaseLost, match="belongs to another worker"):
        job.beat(0.9)

    other.refresh_from_db()
    assert (other.owner, other.progress) == ("other", 0)


def test_beat_of_a_cancelled_job_closes_it() -> None:
    job = claimed()
    CollectJob.objects.filter(pk=job.pk).cancel()

    with pytest.raises(Cancelled, match="was cancelled"):
        job.beat()

    assert job.state == State.CANCELLED
    assert job.finished_at is not None


def test_finish_closes_the_job() -> None:
    job = claimed(failure_kind="network", failure_message="earlier")

    assert job.finish()
    assert (job.state, job.progress, job.failure_kind, job.failure_message) == (State.DONE, 1.0, "", "")


ENDINGS: list[Callable[[LeasedJob], bool]] = [
    LeasedJob.finish,
    LeasedJob.hand_back,
    lambda job: job.fail(ServerBusy("no")),
    lambda job: job.retry_later(ServerBusy("no")),
]


@pytest.mark.parametrize("end", ENDINGS, ids=["finish", "hand_back", "fail", "retry_later"])
def test_nothing_is_written_once_the_lease_is_lost(end: Callable[[LeasedJob], bool]) -> None:
    job = claimed()
    other = taken_over(job)

    assert not end(job)

    other.refresh_from_db()
    assert (other.state, other.owner, other.failure_message) == (State.RUNNING, "other", "")


def test_redelivered_task_finishes_nothing_twice() -> None:
    job = claimed()

    assert job.finish()
    assert not job.finish()
    assert CollectJob.objects.claim(job.pk) is None


def test_fail_says_why() -> None:
    job = claimed()

    job.fail(ServerBusy("It is busy."))

    assert (job.state, job.failure_kind, job.failure_message) == (State.FAILED, "server_busy", "It is busy.")


@pytest.mark.parametrize(("error", "kind"), [(ServerBusy(), "server_busy"), (NamedError(), "rate_limited")])
def test_kind_of_an_error(error: Exception, kind: str) -> None:
    assert kind_of(error) == kind


@pytest.mark.parametrize(("attempts", "pause"), [(0, BACKOFF[0]), (1, BACKOFF[1]), (3, BACKOFF[3])])
def test_retry_later_waits_longer_each_time(attempts: int, pause: timedelta) -> None:
    job = claimed(attempts=attempts)

    before = timezone.now()
    job.retry_later(ServerBusy("It is busy."))

    job.refresh_from_db()
    assert job.state == State.QUEUED
    assert before + pause <= job.next_try_at <= timezone.now() + pause
    assert (job.owner, job.lease_until, job.failure_kind) == ("", None, "server_busy")


def test_retry_later_at_a_time_that_is_known() -> None:
    job, reset_at = claimed(), timezone.now() + timedelta(minutes=14)

    job.retry_later(ServerBusy("It is busy."), at=reset_at)

    job.refresh_from_db()
    assert job.next_try_at == reset_at


def test_retry_later_fails_a_job_without_attempts_left() -> None:
    job = claimed(attempts=4)

    job.retry_later(ServerBusy("It is busy."))

    assert (job.state, job.failure_message) == (State.FAILED, "It is busy.")


def test_hand_back_does_not_count_the_attempt() -> None:
    job = claimed()

    assert job.hand_back()

    again = CollectJob.objects.claim(job.pk)
    assert again is not None
    assert again.attempts == 1


@pytest.mark.parametrize("end", ENDINGS[1::2], ids=["hand_back", "retry_later"])
def test_cancelled_job_is_not_queued_again(end: Callable[[LeasedJob], bool]) -> None:
    job = claimed()
    CollectJob.objects.filter(pk=job.pk).cancel()

    end(job)

    job.refresh_from_db()
    assert job.state == State.CANCELLED


def test_cancel_closes_waiting_jobs_and_asks_running_ones() -> None:
    waiting, running, done = make_job(), make_job(minutes_left=1), make_job(state=State.DONE)

    assert CollectJob.objects.all().cancel() == 2

    for job in (waiting, running, done):
        job.refresh_from_db()
    assert (waiting.state, running.state, done.state) == (State.CANCELLED, State.RUNNING, State.DONE)
    assert (running.is_cancel_requested, done.is_cancel_requested) == (True, False)


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
def test_retry_queues_with_all_attempts(state: State) -> None:
    job = make_job(state=state, attempts=5, failure_kind="network", is_cancel_requested=True)

    assert CollectJob.objects.all().retry() == 1

    again = CollectJob.objects.claim(job.pk)
    assert again is not None
    assert (again.attempts, again.failure_kind, again.is_cancel_requested) == (1, "", False)


@pytest.mark.parametrize("state", [State.QUEUED, State.DONE])
def test_retry_leaves_other_jobs_alone(state: State) -> None:
    make_job(state=state, attempts=3)

    assert CollectJob.objects.all().retry() == 0


def test_unfinished_are_waiting_or_running() -> None:
    jobs = [make_job(), make_job(minutes_left=1)]
    make_job(state=State.DONE)
    make_job(state=State.FAILED)

    assert set(CollectJob.objects.unfinished()) == set(jobs)
