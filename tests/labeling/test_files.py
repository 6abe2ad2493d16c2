"""Stored media for the browser."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from labeling import storage
from tests import factories

pytestmark = pytest.mark.django_db

CONTENT = bytes(range(256)) * 8


@pytest.fixture
def url(tmp_path: Path) -> str:
    path = tmp_path / "clip.mp4"
    path.write_bytes(CONTENT)
    return storage.file_url(storage.store_file(path, ".mp4").name)


@pytest.fixture
def ana(client: Client) -> Client:
    client.force_login(factories.make_user())
    return client


def test_file_is_sent_whole(ana: Client, url: str) -> None:
    response = ana.get(url)

    assert response.getvalue() == CONTENT
    assert response["Content-Type"] == "video/mp4"
    assert response["Accept-Ranges"] == "bytes"


def test_file_never_changes_and_belongs_to_one_person(ana: Client, url: str) -> None:
    response = ana.head(url)

    assert response["Cache-Control"] == "private, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=0-0", 0, 1), ("bytes=10-19", 10, 20), ("bytes=2000-", 2000, 2048), ("bytes=-48", 2000, 2048)],
)
def test_part_of_a_file_is_sent(ana: Client, url: str, asked: str, start: int, stop: int) -> None:
    response = ana.get(url, headers={"Range": asked})

    assert response.status_code == 206
    assert response.getvalue() == CONTENT[start:stop]
    assert response["Content-Range"] == f"bytes {start}-{stop - 1}/2048"
    assert response["Content-Length"] == str(stop - start)


def test_part_beyond_the_end_cannot_be_had(ana: Client, url: str) -> None:
    response = ana.get(url, headers={"Range": "bytes=4000-"})

    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */2048"


def test_head_says_the_length_and_sends_nothing(ana: Client, url: str) -> None:
    response = ana.head(url)

    assert (response.status_code, response["Content-Length"]) == (200, "2048")
    assert response.getvalue() == b""


def test_known_file_is_not_sent_again(ana: Client, url: str) -> None:
    first = ana.get(url)
    first.getvalue()

    again = ana.get(url, headers={"If-None-Match": first["ETag"]})

    assert again.status_code == 304


@pytest.mark.parametrize(
    "name",
    [
        "../secret_key",
        "videos/../../secret_key",
        "%2e%2e/secret_key",
        "videos/%2e%2e/%2e%2e/secret_key",
        "/etc/passwd",
        ".hidden",
        "videos",
        "videos/none.mp4",
    ],
)
def test_name_that_is_no_stored_file_is_not_found(
    ana: Client, url: str, settings: Settings, name: str
) -> None:
    (Path(settings.MEDIA_ROOT).parent / "secret_key").write_text("secret")

    assert ana.get(f"/files/{name}").status_code == 404


def test_file_needs_a_login(client: Client, url: str) -> None:
    response = client.get(url)

    assert response.status_code == 302
    assert response["Location"].startswith("/login/")


def test_file_in_a_bucket_is_sent_from_there(
    ana: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.S3_BUCKET = "clips"
    monkeypatch.setattr(storage, "file_url", lambda name: f"https://bucket.example/{name}?signed")

    response = ana.get("/files/videos/ab/cd/abcd.mp4")

    assert response["Location"] == "https://bucket.example/videos/ab/cd/abcd.mp4?signed"
