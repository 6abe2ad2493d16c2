"""The whole loop as `make demo` runs it, in small: a process of its own, on clips it makes itself."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def run_demo(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command inside `folder`, past its own start in var/demo of this checkout."""
    none = dict.fromkeys(("DATABASE_URL", "REDIS_URL", "S3_BUCKET", "MEDIA_ROOT"), "")
    environment = os.environ | none | {"VAR_DIR": str(folder), "SPLIT_KEY": "demo", "CAKELENS_DEMO": "1"}
    command = [sys.executable, "manage.py", "demo", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280, check=False
    )


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("demo")
    done = run_demo(folder, "--clips", "30", "--epochs", "1")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return found | {"said": done.stderr}


def test_demo_writes_what_happened(summary: dict[str, Any]) -> None:
    batch, run = summary["batch"], summary["run"]

    assert summary["collected"] == 30
    assert summary["labeled"] == batch["train"] + batch["validation"] + batch["test"] == 27
    assert batch["slug"] == "v5.0"
    assert len(batch["digest"]) == 64
    assert run["steps"] > 0
    assert set(run) == {"steps", "loss_first", "loss_last", "seconds"}
    assert set(summary["metrics"]) == {"auc", "baseline_auc", "ap", "precision", "recall"}


def test_demo_takes_a_quarter_for_the_test_set(summary: dict[str, Any]) -> None:
    # Blocks of ten take two or three each: eight of thirty, all of them labeled.
    assert summary["batch"]["test"] == 8


def test_demo_is_told_nothing_by_an_untrained_model(summary: dict[str, Any]) -> None:
    assert summary["predicted"] == 0
    assert "an untrained one never suggests" in summary["said"]


def test_demo_promotes_what_it_trained_and_predicts_again(summary: dict[str, Any]) -> None:
    assert summary["promoted"] == "v5-0-tiny-1"
    assert summary["repredicted"] == 30


def test_demo_on_clips_that_metadata_tells_apart_says_so(tmp_path: Path) -> None:
    from tests.clips import make_clip

    clips = tmp_path / "clips"
    clips.mkdir()
    lines = ["file,AI_Gen,source"]
    for seed in range(16):
        width = 64 if seed % 2 else 96
        make_clip(clips / f"{seed}.mp4", seed=seed, width=width)
        lines.append(f"{seed}.mp4,{seed % 2},somewhere")
    (clips / "videos.csv").write_text("\n".join(lines))

    done = run_demo(tmp_path / "var", "--videos", str(clips), "--epochs", "1")

    assert done.returncode == 0, done.stderr
    assert "Single facts about the files tell AI_GEN apart: " in done.stderr
    assert "width (AUC 1.00)" in done.stderr.replace("\n", " ")


def test_demo_without_a_csv_says_what_is_missing(tmp_path: Path) -> None:
    done = run_demo(tmp_path / "var", "--videos", str(tmp_path))

    assert done.returncode == 1
    assert "videos.csv" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
