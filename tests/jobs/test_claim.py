"""Claiming: who gets a job, and when."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from jobs.models import LEASE, State, new_owner
from labeling.models import CollectJob
from tests.factories import make_job
from tests.races import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

NUM_THREADS = 8


def test_claim_is_won_once() -> None:
    job = make_job()

    first = CollectJob.objects.claim(job.pk, owner="a")
    second = CollectJob.objects.claim(job.pk, owner="b")

    assert first == job
    assert second is None


def test_claim_gives_a_lease_to_its_owner() -> None:
    before = timezone.now()
    job = CollectJob.objects.claim(make_job().pk, owner="a")

    assert job is not None
    assert (job.state, job.owner, job.attempts) == (State.RUNNING, "a", 1)
    assert job.lease_until is not None
    assert job.lease_until >= before + LEASE


def test_claims_of_one_process_are_told_apart() -> None:
    assert new_owner() != new_owner()


@pytest.mark.parametrize("state", [State.DONE, State.FAILED, State.CANCELLED])
def test_finished_job_cannot_be_claimed(state: State) -> None:
    job = make_job(state=state)

    assert CollectJob.objects.claim(job.pk) is None


def test_job_that_waits_for_its_time_cannot_be_claimed() -> None:
    job = make_job(next_try_at=timezone.now() + timedelta(seconds=30))

    assert CollectJob.objects.claim(job.pk) is None


def test_running_job_cannot_be_claimed_while_its_lease_lasts() -> None:
    job = make_job(minutes_left=1)

    assert CollectJob.objects.claim(job.pk) is None


def test_orphan_is_claimed_by_another_worker() -> None:
    job = make_job(minutes_left=-1, owner="a")

    claimed = CollectJob.objects.claim(job.pk, owner="b")

    assert claimed is not None
    assert (claimed.owner, claimed.attempts) == ("b", 2)


def test_orphan_without_attempts_left_is_not_tried_again() -> None:
    job = make_job(minutes_left=-1, attempts=5)

    assert CollectJob.objects.claim(job.pk) is None


def test_orphan_that_was_asked_to_stop_is_not_tried_again() -> None:
    job = make_job(minutes_left=-1, is_cancel_requested=True)

    assert CollectJob.objects.claim(job.pk) is None


def test_claim_next_takes_the_job_that_waited_longest() -> None:
    now = timezone.now()
    make_job(next_try_at=now - timedelta(minutes=1))
    oldest = make_job(next_try_at=now - timedelta(minutes=2))
    make_job(next_try_at=now + timedelta(minutes=1))

    assert CollectJob.objects.claim_next() == oldest


def test_claim_next_finds_nothing_due() -> None:
    make_job(minutes_left=1)

    assert CollectJob.objects.claim_next() is None


def test_running_job_without_a_lease_is_refused_by_the_database() -> None:
    with pytest.raises(IntegrityError, match="running_has_lease"), transaction.atomic():
        make_job(state=State.RUNNING, lease_until=None)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_eight_workers_claim_each_job_once() -> None:
    jobs = [make_job() for _ in range(24)]

    def claim_all() -> list[int]:
        return [job.pk for job in jobs if CollectJob.objects.claim(job.pk)]

    won = at_once(*[claim_all] * NUM_THREADS)

    assert sorted(pk for one in won for pk in one) == sorted(job.pk for job in jobs)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_eight_polling_workers_share_the_jobs() -> None:
    jobs = [make_job() for _ in range(24)]

    def drain() -> list[int]:
        return [job.pk for job in iter(CollectJob.objects.claim_next, None)]

    won = at_once(*[drain] * NUM_THREADS)

    assert sorted(pk for one in won for pk in one) == sorted(job.pk for job in jobs)
