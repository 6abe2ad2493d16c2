"""Several processes train as one: real ones, over gloo."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from training.batches.manifest import Manifest, canonical_digest, write_manifest
from training.batches.rows import ManifestRow
from training.config import TrainConfig
from training.learning.trainer import Trainer
from training.learning.world import ALONE
from training.loop import StepReport

ClipRows = Callable[..., tuple[list[ManifestRow], Path]]

SPLITS = ("train",) * 7 + ("validation",) * 3 + ("test",) * 2
CONFIG = TrainConfig(
    steps=6,
    minibatch_size=2,
    eval_framesets=1,
    checkpoint_every=2,
    learning_rate=0.001,
    precision="fp32",
    window=32,
    device="cpu",
)

RANK = """
import json, os, signal, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from training.config import TrainConfig
from training.loop import StepReport
from training.batches.manifest import read_manifest
from training.learning.trainer import Trainer, TrainingError
from training.learning.world import joined_world

options = json.loads(sys.argv[1])
with joined_world() as world:
    trainer = Trainer(
        TrainConfig.from_dict(options["config"]), read_manifest(options["manifest"]), Path(options["media"]),
        Path(options["out"]), resume=options["resume"], world=world,
    )
    losses = []
    try:
        for report in trainer.run():
            if isinstance(report, StepReport):
                losses.append(report.loss)
                if [world.rank, report.step] == options["killed"]:
                    os.kill(os.getpid(), signal.SIGKILL)
                if [world.rank, report.step] == options["stopped"]:
                    trainer.stop()
    except TrainingError as exc:
        sys.exit(str(exc))
    test = trainer.result and trainer.result.test["num_videos"]
    print(json.dumps({"rank": world.rank, "losses": losses, "test": test}))
"""


@pytest.fixture
def manifest(clip_rows: ClipRows, tmp_path: Path) -> tuple[Manifest, Path]:
    """A batch as a file, and the folder of its media."""
    rows, media_dir = clip_rows(*SPLITS)
    found = Manifest("v5.0", canonical_digest(rows), tuple(rows))
    write_manifest(rows, tmp_path / "m", slug="v5.0", digest=found.digest, filters={}, created_at="")
    return found, media_dir


def start_ranks(
    count: int,
    tmp_path: Path,
    media_dir: Path,
    config: TrainConfig,
    *,
    resume: bool = False,
    killed: tuple[int, int] | None = None,
    stopped: tuple[int, int] | None = None,
) -> list[subprocess.CompletedProcess[str]]:
    """Run so many processes to their end, as `torchrun` starts them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options: dict[str, object] = {
        "config": config.to_dict(),
        "manifest": str(tmp_path / "m"),
        "media": str(media_dir),
    }
    options |= {"out": str(tmp_path / "run"), "resume": resume, "killed": killed, "stopped": stopped}
    everyone = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "TORCHELASTIC_RUN_ID": "test"}
    everyone |= {"WORLD_SIZE": str(count), "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RANK, json.dumps(options)],
            cwd=Path(__file__).parents[2],
            env=os.environ | everyone | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(count)
    ]
    outputs = [process.communicate(timeout=100) for process in processes]
    return [
        subprocess.CompletedProcess(process.args, process.returncode, *output)
        for process, output in zip(processes, outputs, strict=True)
    ]


def told(processes: list[subprocess.CompletedProcess[str]]) -> list[dict[str, object]]:
    assert [process.returncode for process in processes] == [0] * len(processes), processes[0].stderr[-2000:]
    return [json.loads(process.stdout.splitlines()[-1]) for process in processes]


def losses_of_one(manifest: Manifest, media_dir: Path, folder: Path, config: TrainConfig) -> list[float]:
    reports = Trainer(config, manifest, media_dir, folder).run()
    found = [report.loss for report in reports if isinstance(report, StepReport)]
    assert None not in found
    return [loss for loss in found if loss is not None]


def doubled(**changes: object) -> TrainConfig:
    return TrainConfig.from_dict(CONFIG.to_dict() | {"minibatch_size": 4} | changes)


def test_one_process_is_alone() -> None:
    assert (ALONE.is_first, ALONE.any(True), ALONE.gathered("x"), ALONE.from_first(3)) == (
        True,
        True,
        ["x"],
        3,
    )


@pytest.mark.slow
def test_two_processes_are_one_with_the_doubled_minibatch(
    manifest: tuple[Manifest, Path], tmp_path: Path
) -> None:
    alone = losses_of_one(*manifest, tmp_path / "alone", doubled())

    ranks = told(start_ranks(2, tmp_path, manifest[1], CONFIG))

    assert ranks[0]["losses"] == ranks[1]["losses"] == pytest.approx(alone, abs=1e-5)
    assert [rank["test"] for rank in ranks] == [2, 2]  # each judged one, and both know both
    assert (tmp_path / "run" / "metrics.json").exists()


@pytest.mark.slow
def test_accumulation_is_one_with_the_larger_minibatch(
    manifest: tuple[Manifest, Path], tmp_path: Path
) -> None:
    whole = losses_of_one(*manifest, tmp_path / "whole", doubled())

    parted = losses_of_one(*manifest, tmp_path / "parted", doubled(minibatch_size=2, accumulate=2))

    assert parted == pytest.approx(whole, abs=1e-5)


@pytest.mark.nightly
def test_two_processes_accumulate_too(manifest: tuple[Manifest, Path], tmp_path: Path) -> None:
    alone = losses_of_one(*manifest, tmp_path / "alone", doubled())
    config = TrainConfig.from_dict(CONFIG.to_dict() | {"minibatch_size": 1, "accumulate": 2})

    ranks = told(start_ranks(2, tmp_path, manifest[1], config))

    assert ranks[0]["losses"] == pytest.approx(alone, abs=1e-5)


@pytest.mark.nightly
def test_stop_of_one_process_is_a_checkpoint_of_all(manifest: tuple[Manifest, Path], tmp_path: Path) -> None:
    alone = losses_of_one(*manifest, tmp_path / "alone", doubled())

    stopped = told(start_ranks(2, tmp_path, manifest[1], CONFIG, stopped=(1, 3)))
    resumed = told(start_ranks(2, tmp_path, manifest[1], CONFIG, resume=True))

    assert stopped[0]["losses"] == pytest.approx(alone[:3], abs=1e-5)
    assert resumed[0]["losses"] == pytest.approx(alone[3:], abs=1e-5)


@pytest.mark.nightly
def test_killed_process_ends_the_run_which_goes_on_later(
    manifest: tuple[Manifest, Path], tmp_path: Path
) -> None:
    alone = losses_of_one(*manifest, tmp_path / "alone", doubled())

    first, killed = start_ranks(2, tmp_path, manifest[1], CONFIG, killed=(1, 5))
    resumed = told(start_ranks(2, tmp_path, manifest[1], CONFIG, resume=True))

    assert killed.returncode == -signal.SIGKILL
    assert first.returncode == 1
    assert "Another process of this run is gone" in first.stderr
    assert "Start it again with --resume" in first.stderr
    assert resumed[0]["losses"] == pytest.approx(alone[4:], abs=1e-5)


@pytest.mark.nightly
def test_process_without_a_video_takes_part(manifest: tuple[Manifest, Path], tmp_path: Path) -> None:
    """Seven videos, three processes of two: the second step of an epoch has one for the first alone."""
    config = TrainConfig.from_dict(CONFIG.to_dict() | {"steps": 4})
    alone = losses_of_one(*manifest, tmp_path / "alone", doubled(minibatch_size=6, steps=4))

    ranks = told(start_ranks(3, tmp_path, manifest[1], config))

    assert ranks[2]["losses"] == pytest.approx(alone, abs=1e-5)


@pytest.mark.nightly
def test_torchrun_runs_the_command(manifest: tuple[Manifest, Path], tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--nproc-per-node",
        "2",
        "manage.py",
        "train_batch",
    ]
    files = ["--manifest", str(tmp_path / "m"), "--media", str(manifest[1]), "--out", str(tmp_path / "run")]
    choices = [
        "--preset",
        "tiny",
        "--window",
        "32",
        "--steps",
        "2",
        "--minibatch-size",
        "2",
        "--device",
        "cpu",
    ]

    done = subprocess.run(
        [*command, *files, *choices, "--json"],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=100,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    (told_once,) = done.stdout.splitlines()
    assert json.loads(told_once)["steps"] == 2
    assert json.loads((tmp_path / "run" / "config.json").read_text())["num_processes"] == 2
