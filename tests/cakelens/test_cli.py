import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cakelens.cli import main
from cakelens.config import TINY
from cakelens.model import Model
from cakelens.weights import save_weights

MakeClip = Callable[..., Path]


@pytest.fixture(scope="module")
def weights_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_weights(Model(TINY), path)
    return path


def run(*arguments: str | Path) -> int:
    """Run the command and give its exit code."""
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as exit_:
        return int(exit_.code or 0)
    return 0


def test_command_prints_the_predecessors_result(
    make_clip: MakeClip, weights_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make_clip("64x64", 14)

    code = run(path, "--model-path", weights_path, "--device", "cpu")

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert lines[:6] == ["", "=" * 50, "DETECTION RESULTS", "=" * 50, f"Video: {path}", "Frame count: 14"]
    assert lines[7] == "Predictions:"
    assert lines[8].startswith("  AI_GEN         :  ")
    assert len(lines) == 8 + 17


def test_sampled_result_is_called_an_estimate(
    make_clip: MakeClip, weights_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(make_clip("64x64", 90), "--model-path", weights_path, "--framesets", "4", "--device", "cpu")

    out = capsys.readouterr().out
    assert "Framesets: 4 sampled of 10 (an estimate)" in out
    assert "±" in out


def test_output_keeps_the_predecessors_keys_and_adds_ours(
    make_clip: MakeClip, weights_path: Path, tmp_path: Path
) -> None:
    output = tmp_path / "result.json"
    path = make_clip("64x64", 14)

    run(path, "--model-path", weights_path, "--device", "cpu", "--output", output)

    result = json.loads(output.read_text())
    assert result["video_filepath"] == str(path)
    assert result["frame_count"] == 14
    assert 0 < result["predictions"]["AI_GEN"] < 100
    assert [frameset["start_seconds"] for frameset in result["framesets"]] == pytest.approx([0, 0.375])
    assert (
        result.keys()
        - {"video_filepath", "frame_count", "predictions"}
        == {"standard_errors", "mode", "num_framesets", "framesets"}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("missing.mp4", None, "no such file"),
        ("text.mp4", b"text" * 99, "not a video"),
        ("empty.mp4", b"", "empty"),
    ],
)
def test_bad_video_is_one_line_and_exit_1(
    name: str, content: bytes | None, reason: str, weights_path: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path, output = tmp_path / name, tmp_path / "result.json"
    if content is not None:
        path.write_bytes(content)

    code = run(path, "--model-path", weights_path, "--device", "cpu", "--output", output)

    [line] = capsys.readouterr().err.splitlines()
    assert code == 1
    assert line.startswith(f"cakelens: {path}: ")
    assert reason in line
    assert not output.exists()


def test_bad_weights_are_one_line_and_exit_1(
    make_clip: MakeClip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "weights.pth"
    weights.write_bytes(b"no weights")

    code = run(make_clip("64x64", 14), "--model-path", weights)

    [line] = capsys.readouterr().err.splitlines()
    assert code == 1
    assert line.startswith(f"cakelens: {weights}: ")


def test_traceback_comes_with_verbose_only(
    tmp_path: Path, weights_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(tmp_path / "missing.mp4", "--model-path", weights_path, "-v")

    assert any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--framesets", "0"], "must be a whole number >= 1, got '0'"),
        (["--batch-size", "many"], "must be a whole number >= 1, got 'many'"),
        (["--stop-at", "2"], "must be between 0 and 1, got '2'"),
        (["--precision", "fp16"], "invalid choice: 'fp16'"),
        ([], "the following arguments are required: VIDEO"),
    ],
)
def test_wrong_usage_is_exit_2(options: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(*(["video.mp4", *options] if options else []))

    assert code == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("place", ["folder", "missing folder"])
def test_output_that_cannot_be_written_is_told_before_any_work(
    place: str, make_clip: MakeClip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path if place == "folder" else tmp_path / "missing" / "result.json"

    code = run(make_clip("64x64", 14), "--model-path", "weights-never-read", "--output", output)

    [line] = capsys.readouterr().err.splitlines()
    assert code == 1
    assert line.startswith(f"cakelens: {output}: ")


@pytest.mark.slow
@pytest.mark.parametrize("module", ["cakelens", "cakelens.labels", "cakelens.framesets", "cakelens.config"])
def test_importing_the_light_parts_loads_no_torch(module: str) -> None:
    program = f"import {module}, sys; print(sorted({{'torch', 'django', 'numpy'}} & sys.modules.keys()))"

    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "[]"
