"""Exports that were ordered: how each of them ends."""

import pytest

from jobs.models import State
from tests.factories import make_settlement
from tests.files import make_filed_video
from training import export
from training.models import ExportJob, TrainingBatch
from training.tasks import run_export

pytestmark = pytest.mark.django_db(transaction=True)


def claimed(**fields: object) -> ExportJob:
    """Order an export, and claim it as a worker does."""
    job = ExportJob.objects.claim(ExportJob.objects.create(**fields).pk)
    assert job is not None
    return job


def refusing(error: BaseException) -> object:
    """Give a function that takes anything and raises `error`."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise error

    return refuse


def test_ordered_export_ends_with_its_batch() -> None:
    make_settlement(make_filed_video())
    job = claimed(slug="v5.7")

    run_export(job)

    job.refresh_from_db()
    assert (job.state, job.batch) == (State.DONE, TrainingBatch.objects.get(slug="v5.7"))


def test_export_that_breaks_off_by_a_fault_fails_with_words(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_settlement(make_filed_video())
    monkeypatch.setattr(export.leaks, "known", refusing(TypeError("no such thing")))
    job = claimed()

    run_export(job)

    job.refresh_from_db()
    assert (job.state, job.failure_kind) == (State.FAILED, "type_error")
    assert job.failure_message == (
        "The export broke off: TypeError: no such thing. Nothing was exported; the worker's log says where."
    )
    assert "Traceback" in caplog.text
    assert not TrainingBatch.objects.exists()


def test_order_that_cannot_be_read_fails_with_words() -> None:
    job = claimed(filters={"labels": 5})

    run_export(job)

    job.refresh_from_db()
    assert (job.state, "The export broke off" in job.failure_message) == (State.FAILED, True)
