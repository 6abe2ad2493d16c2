import contextlib
import os
from pathlib import Path

from labeling.collecting.errors import NetworkError, NotAVideo
from labeling.collecting.parts import Part, sweep

URL = "https://video.twimg.com/a.mp4"


def _leave_part(folder: Path, error: Exception) -> None:
    with contextlib.suppress(type(error)), Part(folder, URL) as part:
        part.restart('"etag"')
        part.append(b"some of it")
        raise error


def _age(folder: Path) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (0, 0))


def test_part_is_there_again_after_a_transient_error(tmp_path: Path) -> None:
    _leave_part(tmp_path, NetworkError("gone for now."))

    with Part(tmp_path, URL) as part:
        assert (part.num_bytes, part.validator) == (10, '"etag"')


def test_part_is_deleted_after_a_permanent_error(tmp_path: Path) -> None:
    _leave_part(tmp_path, NotAVideo("It is none."))

    assert list(tmp_path.iterdir()) == []


def test_hash_goes_on_over_what_was_there(tmp_path: Path) -> None:
    _leave_part(tmp_path, NetworkError("gone for now."))

    with Part(tmp_path, URL) as part:
        part.append(b", and the rest")
        found = part.finish(".mp4")

    with Part(tmp_path, "https://video.twimg.com/b.mp4") as whole:
        whole.append(b"some of it, and the rest")
        assert whole.finish(".mp4").sha256 == found.sha256


def test_held_part_is_not_shared(tmp_path: Path) -> None:
    with Part(tmp_path, URL) as first, Part(tmp_path, URL) as second:
        assert first.is_shared
        assert not second.is_shared


def test_sweep_deletes_what_nobody_touched(tmp_path: Path) -> None:
    _leave_part(tmp_path, NetworkError("gone for now."))
    (tmp_path / "x-hls-1").mkdir()
    (tmp_path / "x-hls-1" / "track-0").write_bytes(b"")
    (tmp_path / "copy-of-an-import").write_bytes(b"")
    _age(tmp_path)

    num_deleted = sweep(tmp_path, older_than_seconds=3600)

    assert num_deleted == 4
    assert list(tmp_path.iterdir()) == []


def test_sweep_leaves_what_is_young(tmp_path: Path) -> None:
    _leave_part(tmp_path, NetworkError("gone for now."))

    num_deleted = sweep(tmp_path, older_than_seconds=3600)

    assert num_deleted == 0


def test_sweep_leaves_what_is_held(tmp_path: Path) -> None:
    with Part(tmp_path, URL) as part:
        part.append(b"some of it")
        _age(tmp_path)

        num_deleted = sweep(tmp_path, older_than_seconds=3600)

    assert num_deleted == 0
