import errno
import hashlib
from pathlib import Path

import pytest
from pytest_django import Settings

from labeling import storage
from tests.races import at_once

pytestmark = pytest.mark.embedded

CONTENT = b"a few bytes" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.mp4"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def media(settings: Settings) -> Path:
    return Path(settings.MEDIA_ROOT)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_file_is_named_by_what_it_holds(source: Path, media: Path) -> None:
    stored = storage.store_file(source, ".mp4")

    assert stored == storage.Stored(
        SHA256, f"videos/{SHA256[:2]}/{SHA256[2:4]}/{SHA256}.mp4", num_bytes=len(CONTENT)
    )
    assert (media / stored.name).read_bytes() == CONTENT
    assert source.exists()


def test_same_bytes_are_stored_once(source: Path, media: Path) -> None:
    first = storage.store_file(source, ".mp4")
    written_at = (media / first.name).stat().st_mtime_ns

    second = storage.store_file(source, ".mp4")

    assert second == first
    assert (media / first.name).stat().st_mtime_ns == written_at
    assert len(files(media)) == 1


def test_finished_file_is_moved_in(source: Path, media: Path) -> None:
    stored = storage.move_in(source, ".mp4", sha256=SHA256)

    assert (media / stored.name).read_bytes() == CONTENT
    assert stored.num_bytes == len(CONTENT)
    assert not source.exists()


def test_finished_file_of_bytes_that_are_there_is_dropped(source: Path, media: Path) -> None:
    stored = storage.store_file(source, ".mp4")

    again = storage.move_in(source, ".mp4", sha256=SHA256)

    assert again == stored
    assert not source.exists()
    assert len(files(media)) == 1


def test_bytes_are_stored_in_a_folder_of_their_kind(media: Path) -> None:
    stored = storage.store_bytes(b"jpeg", ".jpg", folder="posters")

    assert stored.name.startswith("posters/")
    assert (media / stored.name).read_bytes() == b"jpeg"


def test_file_cut_short_by_a_crash_is_written_again(source: Path, media: Path) -> None:
    name = storage.store_file(source, ".mp4").name
    (media / name).write_bytes(CONTENT[:10])

    storage.store_file(source, ".mp4")

    assert (media / name).read_bytes() == CONTENT


def test_full_disk_leaves_nothing(source: Path, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("labeling.storage.shutil.copyfileobj", no_space)

    with pytest.raises(OSError, match="No space left"):
        storage.store_file(source, ".mp4")

    assert files(media) == []


def test_file_is_moved_in_only_when_it_is_whole(
    source: Path, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr("labeling.storage.os.fsync", lambda fd: seen.append([p.name for p in files(media)]))

    storage.store_file(source, ".mp4")

    assert all(name != f"{SHA256}.mp4" for name in seen[0])


@pytest.mark.slow
def test_threads_that_store_the_same_bytes_agree(source: Path, media: Path) -> None:
    stored = at_once(*[lambda: storage.store_file(source, ".mp4")] * 8)

    assert len(set(stored)) == 1
    assert [path.read_bytes() for path in files(media)] == [CONTENT]


def test_local_file_is_served_by_our_own_view(source: Path) -> None:
    stored = storage.store_file(source, ".mp4")

    assert storage.is_local()
    assert storage.file_url(stored.name) == f"/files/{stored.name}"
    path = storage.local_path(stored.name)
    assert path is not None
    assert path.read_bytes() == CONTENT


@pytest.mark.slow  # boto3
def test_file_in_a_bucket_is_served_by_the_bucket(settings: Settings) -> None:
    options = {
        "bucket_name": "clips",
        "access_key": "key",
        "secret_key": "secret",
        "endpoint_url": "https://bucket.example",
        "region_name": "us-east-1",
        "addressing_style": "path",
        "signature_version": "s3v4",
    }
    s3 = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"default": s3, "public": s3}
    settings.S3_BUCKET = "clips"

    url = storage.file_url("videos/a.mp4")

    assert url.startswith("https://bucket.example/clips/videos/a.mp4?X-Amz-Algorithm=AWS4-HMAC-SHA256")
    assert storage.local_path("videos/a.mp4") is None
