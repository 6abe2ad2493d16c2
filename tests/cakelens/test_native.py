import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cakelens import native


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let each test compile into a folder of its own, and forget what was loaded."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    native.native_passes.cache_clear()
    yield
    native.native_passes.cache_clear()


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler here")
def test_kernel_is_compiled_once(tmp_path: Path) -> None:
    first = native.native_passes()
    [library] = (tmp_path / "cakelens").iterdir()
    written_at = library.stat().st_mtime_ns

    native.native_passes.cache_clear()
    second = native.native_passes()

    assert first is not None
    assert second is not None
    assert [library.stat().st_mtime_ns] == [file.stat().st_mtime_ns for file in library.parent.iterdir()]
    assert library.stat().st_mtime_ns == written_at


def test_without_a_compiler_there_is_no_kernel(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)

    with caplog.at_level("INFO"):
        passes = native.native_passes()

    assert passes is None
    assert caplog.messages == ["no C compiler: the norms run in torch"]


def test_a_compiler_that_fails_is_told_and_done_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(command: list[str], **options: object) -> None:
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(subprocess, "run", fail)
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/cc")

    with caplog.at_level("INFO"):
        passes = native.native_passes()

    assert passes is None
    assert "the norms run in torch" in caplog.text
