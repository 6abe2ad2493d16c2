"""Media in a bucket: what a browser and another machine get of it."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from labeling import storage
from tests.s3 import bucket, use

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    with bucket(tmp_path_factory.mktemp("s3") / "data") as options:
        yield options


@pytest.fixture(autouse=True)
def _in_the_bucket(options: dict[str, object], settings: Settings, tmp_path: Path) -> None:
    use(options, settings, tmp_path)


def test_file_url_plays_a_range_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(b"0123456789")
    stored = storage.store_file(path, ".mp4")

    request = urllib.request.Request(storage.file_url(stored.name), headers={"Range": "bytes=2-4"})
    with urllib.request.urlopen(request, timeout=10) as response:
        status, body = response.status, response.read()

    assert (status, body) == (206, b"234")


def test_file_without_a_signature_is_refused(tmp_path: Path) -> None:
    stored = storage.store_bytes(b"secret", ".jpg", folder="posters")

    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(storage.file_url(stored.name).partition("?")[0], timeout=10)


def test_local_copy_fetches_a_file_once() -> None:
    stored = storage.store_bytes(b"weights", ".bin", folder="models")

    first = storage.local_copy(stored.name)
    second = storage.local_copy(stored.name)

    assert first == second
    assert first.read_bytes() == b"weights"


def test_local_copy_of_what_is_not_there_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        storage.local_copy("models/aa/bb/none.bin")

    assert not [path for path in (tmp_path / "fetched").rglob("*") if path.is_file()]


def test_borrowed_file_is_gone_afterwards() -> None:
    stored = storage.store_bytes(b"clip", ".mp4", folder="videos")

    with storage.borrowed(stored.name) as path:
        content = path.read_bytes()

    assert content == b"clip"
    assert not path.exists()
