"""Exports that were ordered: how each of them ends."""

import re
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import CommandError, call_command
from django.db import DataError, InterfaceError, OperationalError
from django.utils import timezone
from pytest_django import Settings

from jobs.models import Cancelled, State
from labeling.models import Video
from tests.factories import make_settlement
from tests.files import make_filed_video
from tests.races import at_once
from training import export
from training.batches import leaks, selection, sidecars
from training.batches.manifest import ManifestRow
from training.models import BatchItem, ExportJob, TrainingBatch
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
    monkeypatch.setattr(leaks, "known", refusing(TypeError("no such thing")))
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
    monkeypatch.setattr(sidecars, "store", refusing(error))
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
    monkeypatch.setattr(sidecars, "store", refusing(error))

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
    monkeypatch.setattr(sidecars, "store", refusing(DataError("value too long\nCONTEXT:  x")))
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


def test_order_stopped_before_the_export_begins_is_cancelled() -> None:
    make_settlement(make_filed_video())
    job = claimed()
    ExportJob.objects.cancel()

    run_export(job)

    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert not TrainingBatch.objects.exists()


def stop_at_the_first_row(monkeypatch: pytest.MonkeyPatch) -> list[Video]:
    """Let somebody stop the export while its first row is made; give the videos whose rows were made."""
    made: list[Video] = []
    row_of = selection.manifest_row

    def stopping(video: Video) -> ManifestRow:
        if not made:
            at_once(ExportJob.objects.cancel)
        made.append(video)
        return row_of(video)

    monkeypatch.setattr(selection, "manifest_row", stopping)
    return made


@pytest.mark.postgres
def test_export_that_is_stopped_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    make_settlement(make_filed_video())
    job = claimed()
    stop_at_the_first_row(monkeypatch)

    run_export(job)

    job.refresh_from_db()
    assert (job.state, job.batch) == (State.CANCELLED, None)
    assert not BatchItem.objects.exists()
    assert not default_storage.exists("batches")


@pytest.mark.postgres
def test_export_that_is_stopped_does_not_go_on_to_its_last_row(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        make_settlement(make_filed_video(bytes([number])))
    job = claimed()
    made = stop_at_the_first_row(monkeypatch)
    monkeypatch.setattr(selection, "CHUNK", 2)

    run_export(job)

    job.refresh_from_db()
    assert (job.state, len(made)) == (State.CANCELLED, 2)


@pytest.mark.postgres
def test_export_that_another_worker_took_over_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    make_settlement(make_filed_video())
    job = claimed()
    ExportJob.objects.update(owner="another")

    run_export(job)

    job.refresh_from_db()
    assert (job.state, job.owner) == (State.RUNNING, "another")
    assert not TrainingBatch.objects.exists()


@pytest.mark.postgres
def test_export_that_is_stopped_too_late_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    make_settlement(make_filed_video())
    job = claimed()
    store = sidecars.store

    def stop_and_store(*args: Any) -> str:
        at_once(ExportJob.objects.cancel)
        with pytest.raises(Cancelled):
            at_once(job.beat)  # as the heartbeat does every few seconds
        return store(*args)

    monkeypatch.setattr(sidecars, "store", stop_and_store)

    run_export(job)

    job.refresh_from_db()
    assert (job.state, job.batch) == (State.DONE, TrainingBatch.objects.get())
