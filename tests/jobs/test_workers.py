"""A worker shows that it lives, and is not taken for living when it does no more."""

import os
import time
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from jobs import workers
from jobs.workers import FORGOTTEN_AFTER, GONE_AFTER, WorkerBeat
from tests.collecting.drills.processes import worker
from tests.jobs.test_crash import database_url

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def test_worker_is_seen_on_each_of_its_queues() -> None:
    workers.beat(["collect", "export"])

    assert workers.living() == {"collect": 1, "export": 1}


def test_worker_is_one_however_often_it_beats() -> None:
    workers.beat(["collect"])
    workers.beat(["collect"])

    assert workers.living()["collect"] == 1


def test_worker_that_is_silent_is_gone() -> None:
    WorkerBeat.objects.create(name="a:1", queues=["collect"], seen_at=timezone.now() - GONE_AFTER)

    assert workers.living()["collect"] == 0


def test_worker_that_is_long_gone_is_forgotten() -> None:
    WorkerBeat.objects.create(name="a:1", queues=["collect"], seen_at=timezone.now() - FORGOTTEN_AFTER)

    workers.beat(["export"])

    assert WorkerBeat.objects.get().queues == ["export"]


def test_worker_works_on_when_the_database_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise DatabaseError("the database system is starting up")

    monkeypatch.setattr(connection, "cursor", refuse)

    workers.beat(["collect"])

    assert "could not show that it lives: the database system is starting up" in caplog.text


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_celery_worker_shows_its_queues(tmp_path: Path, redis_url: str) -> None:
    environment = {"DATABASE_URL": database_url(), "REDIS_URL": redis_url, "VAR_DIR": str(tmp_path)}
    process = worker(tmp_path / "log", os.environ | environment)
    process.start()

    try:
        until = time.monotonic() + 30
        while not (found := workers.living()) and process.is_running() and time.monotonic() < until:
            time.sleep(0.2)
    finally:
        process.kill()

    assert found == {"collect": 1}, (tmp_path / "log").read_text()
