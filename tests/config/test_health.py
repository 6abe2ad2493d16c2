from pathlib import Path
from typing import NoReturn

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from config import celery_app
from jobs import workers

pytestmark = pytest.mark.embedded

BROKEN = "broken; the log says why"


@pytest.fixture
def _workers(db: None) -> None:
    workers.beat(["collect", "export"])


def test_process_says_that_it_lives_without_a_database(client: Client) -> None:
    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.usefixtures("_workers")
def test_process_that_has_all_it_needs_is_ready(client: Client) -> None:
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"database": "ok", "broker": "ok", "storage": "ok", "workers": "ok"}


@pytest.mark.django_db
def test_check_leaves_nothing_in_the_storage(client: Client, settings: Settings) -> None:
    client.get("/readyz")

    assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []


def test_broken_database_is_named(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> NoReturn:
        raise OperationalError("connection to db.internal failed")

    monkeypatch.setattr("config.health.connection.cursor", refuse)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"database": BROKEN, "broker": "ok", "storage": "ok", "workers": BROKEN}
    assert "db.internal" not in response.content.decode()
    assert "the database does not work: connection to db.internal failed" in caplog.text


@pytest.mark.slow
@pytest.mark.usefixtures("_workers")
def test_broken_broker_is_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(celery_app.conf, "broker_write_url", "redis://127.0.0.1:1/0")

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"database": "ok", "broker": BROKEN, "storage": "ok", "workers": "ok"}


@pytest.mark.usefixtures("_workers")
def test_broken_storage_is_named(client: Client, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    settings.MEDIA_ROOT = tmp_path / "a file"

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"database": "ok", "broker": "ok", "storage": BROKEN, "workers": "ok"}


@pytest.mark.slow  # boto3
@pytest.mark.django_db
def test_bucket_that_is_away_is_named(client: Client, settings: Settings) -> None:
    options = {"bucket_name": "clips", "access_key": "key", "secret_key": "secret"}
    options |= {"endpoint_url": "http://127.0.0.1:1", "region_name": "us-east-1"}
    s3 = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    settings.STORAGES = django_settings.STORAGES | {"default": s3}
    settings.S3_BUCKET = "clips"

    response = client.get("/readyz")

    assert response.json()["storage"] == BROKEN


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("queues", "told"),
    [([], "nobody works on collect, export"), (["collect", "inference"], "nobody works on export")],
)
def test_queue_without_a_worker_is_named(queues: list[str], told: str, client: Client) -> None:
    workers.beat(queues)

    response = client.get("/readyz")

    assert (response.status_code, response.json()["workers"]) == (503, told)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_checks_are_only_read(path: str, client: Client) -> None:
    assert client.post(path).status_code == 405
