"""Exports that were ordered: how each of them ends."""

import re

import pytest
from botocore.exceptions import ConnectTimeoutError
from django.core.files.storage import FileSystemStorage
from django.core.management import CommandError, call_command
from django.db import DataError, InterfaceError, OperationalError
from django.utils import timezone
from pytest_django import Settings

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


HINDRANCES = [
    (OSError(28, "No space left"), "The batch cannot be written: [Errno 28] No space left."),
    (OperationalError("database is locked"), "The database refuses: database is locked."),
    (OperationalError("could not extend\nHINT:  Look."), "The database refuses: could not extend."),
    (InterfaceError("connection already closed"), "The database refuses: connection already closed."),
]


@pytest.mark.parametrize(("error", "words"), HINDRANCES)
def test_export_that_is_hindered_waits_for_another_try(
    monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    make_settlement(make_filed_video())
    monkeypatch.setattr(export.sidecars, "store", refusing(error))
    job = claimed()

    run_export(job)

    job.refresh_from_db()
    assert (job.state, job.failure_message) == (State.QUEUED, f"{words} Nothing was exported.")
    assert job.next_try_at > timezone.now()
    assert not TrainingBatch.objects.exists()


@pytest.mark.parametrize(("error", "words"), HINDRANCES)
def test_command_that_is_hindered_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    make_settlement(make_filed_video())
    monkeypatch.setattr(export.sidecars, "store", refusing(error))

    with pytest.raises(CommandError, match=re.escape(f"{words} Nothing was exported. Mend that")):
        call_command("export_batch")


def test_bucket_that_does_not_answer_hinders_an_export(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    make_settlement(make_filed_video())
    settings.S3_BUCKET = "cakelens"
    monkeypatch.setattr(FileSystemStorage, "size", refusing(ConnectTimeoutError(endpoint_url="https://s3")))

    with pytest.raises(export.ExportHindered, match=r"cannot be written: .*bucket cakelens: Connect timeout"):
        export.export_batch()


def test_what_the_database_never_takes_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    make_settlement(make_filed_video())
    monkeypatch.setattr(export.sidecars, "store", refusing(DataError("value too long\nCONTEXT:  x")))
    job = claimed()

    run_export(job)

    job.refresh_from_db()
    assert job.state == State.FAILED
    assert job.failure_message == (
        "The database cannot take the batch: value too long. Nothing was exported."
    )


def test_order_that_cannot_be_read_fails_with_words() -> None:
    job = claimed(filters={"labels": 5})

    run_export(job)

    job.refresh_from_db()
    assert (job.state, "The export broke off" in job.failure_message) == (State.FAILED, True)
