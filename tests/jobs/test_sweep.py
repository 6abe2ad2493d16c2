"""The sweeper rings for what is due, once, and closes what is dead."""

from datetime import timedelta

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from inference.models import PredictJob
from jobs import doorbell, sweep, tasks
from jobs.models import RING_AGAIN_AFTER, State
from labeling.models import CollectJob, VariantJob
from tests.factories import make_job
from training.models import ExportJob, TrainingRun

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The keys of the jobs that a worker was told of."""
    keys: list[int] = []
    monkeypatch.setattr(doorbell, "ring", lambda task_name, pk: keys.append(pk))
    return keys


def test_every_kind_of_job_is_swept() -> None:
    assert set(sweep.job_models()) == {CollectJob, VariantJob, PredictJob, ExportJob, TrainingRun}


def test_sweep_rings_once(
    rung: list[int], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job = make_job()

    with django_capture_on_commit_callbacks(execute=True):
        first = sweep.sweep()
        second = sweep.sweep()

    assert (first, second) == (1, 0)
    assert rung == [job.pk]


def test_sweep_rings_again_when_nobody_came(
    rung: list[int], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job = make_job(enqueued_at=timezone.now() - RING_AGAIN_AFTER - timedelta(seconds=1))

    with django_capture_on_commit_callbacks(execute=True):
        sweep.sweep()

    assert rung == [job.pk]


def test_sweep_rings_again_when_the_broker_forgot(
    rung: list[int], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job = make_job(enqueued_at=timezone.now())

    with django_capture_on_commit_callbacks(execute=True):
        sweep.forget_rings()
        sweep.sweep()

    assert rung == [job.pk]


def test_sweep_rings_for_an_orphan(
    rung: list[int], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job = make_job(minutes_left=-1)

    with django_capture_on_commit_callbacks(execute=True):
        sweep.sweep()

    assert rung == [job.pk]


@pytest.mark.parametrize(
    "fields",
    [{"minutes_left": 1}, {"state": State.DONE}, {"next_try_at": timezone.now() + timedelta(hours=1)}],
    ids=["running", "done", "not yet"],
)
def test_sweep_does_not_ring_for_what_is_not_due(fields: dict[str, object], rung: list[int]) -> None:
    make_job(**fields)

    assert sweep.sweep() == 0


def test_sweep_rings_for_the_oldest_when_there_are_many(
    rung: list[int],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweep, "RINGS_PER_SWEEP", 2)
    now = timezone.now()
    jobs = [make_job(next_try_at=now - timedelta(minutes=minutes)) for minutes in (1, 3, 2)]

    with django_capture_on_commit_callbacks(execute=True):
        sweep.sweep()

    assert rung == [jobs[1].pk, jobs[2].pk]


def test_sweep_fails_a_job_whose_worker_died_each_time(caplog: pytest.LogCaptureFixture) -> None:
    job = make_job(minutes_left=-1, attempts=5)

    sweep.sweep()

    job.refresh_from_db()
    assert (job.state, job.failure_kind) == (State.FAILED, "worker_died")
    assert "Look into the worker's log" in job.failure_message
    assert "1 CollectJob jobs failed" in caplog.text


@pytest.mark.parametrize("attempts", [1, 5])
def test_sweep_cancels_an_orphan_that_was_asked_to_stop(attempts: int) -> None:
    job = make_job(minutes_left=-1, attempts=attempts, is_cancel_requested=True)

    assert sweep.sweep() == 0

    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert job.finished_at is not None


def test_sweep_asks_the_same_few_queries_of_each_table(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(3 * 5):
        tasks.sweep()


def test_ring_waits_for_the_commit(
    rung: list[int], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job = make_job()

    with django_capture_on_commit_callbacks() as callbacks:
        job.ring()
        before = list(rung)
    for callback in callbacks:
        callback()

    assert (before, rung) == ([], [job.pk])


def test_broken_doorbell_is_logged_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("celery.current_app.send_task", refuse)

    doorbell.ring("labeling.tasks.collect_post", 7)

    assert "the sweeper will ring for labeling.tasks.collect_post(7)" in caplog.text


def test_embedded_process_does_not_ring_for_its_child(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    sent: list[str] = []
    monkeypatch.setattr("celery.current_app.send_task", lambda name, **kwargs: sent.append(name))
    settings.IS_EMBEDDED = True

    doorbell.ring("inference.tasks.predict_video", 7)
    doorbell.ring("labeling.tasks.collect_post", 7)

    assert sent == ["labeling.tasks.collect_post"]
