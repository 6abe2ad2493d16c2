"""A run that was queued in the one-process app: trained beside it, and taken up again after it was killed."""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.embedded.process import Up, is_alive, wait_until_gone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SECONDS = 120
QUEUE = """
from training.config import preset
from training.models import TrainingBatch, TrainingRun
config = preset("tiny", steps={steps}, minibatch_size=4, num_workers=0, eval_framesets=1, checkpoint_every=2)
TrainingRun.objects.create(batch=TrainingBatch.objects.get(), config=config.to_dict())
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, clip: Callable[..., Path]) -> Path:
    """The folder of an app with a batch of ten clips; for copies."""
    up = Up(tmp_path_factory.mktemp("site") / "var")
    up.bring_in(clip(seed=seed) for seed in range(10))
    exported = up.manage("export_batch")
    assert exported.returncode == 0, exported.stderr
    return up.var_dir


@pytest.fixture
def up(tmp_path: Path, site: Path) -> Iterator[Up]:
    """The app on that folder, not running yet."""
    up = Up(Path(shutil.copytree(site, tmp_path / "var")))
    yield up
    process = getattr(up, "process", None)
    if process and process.poll() is None:
        up.interrupt()


def queue_run(up: Up, *, steps: int) -> None:
    done = up.manage("shell", "-c", QUEUE.format(steps=steps))
    assert done.returncode == 0, done.stderr


def run_of(up: Up) -> dict[str, Any]:
    with closing(sqlite3.connect(up.var_dir / "cakelens.sqlite3", timeout=20)) as database:
        database.row_factory = sqlite3.Row
        return dict(database.execute("SELECT * FROM training_trainingrun").fetchone())


def wait_for_run(up: Up, is_there: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if is_there(run := run_of(up)):
            return run
        time.sleep(0.05)
    raise AssertionError(f"{run}\n{up.log.read_text()[-4000:]}")


def is_done(run: dict[str, Any]) -> bool:
    return bool(run["state"] == "done")


def is_under_way(run: dict[str, Any]) -> bool:
    return bool(run["state"] == "running" and run["step"] > 2)


def pid_of(run: dict[str, Any]) -> int:
    return int(run["owner"].split(":")[1])


def test_queued_run_is_trained_beside_the_pages(up: Up) -> None:
    up.start()
    queue_run(up, steps=40)

    child = pid_of(wait_for_run(up, is_under_way))
    priority, priority_of_pages = (os.getpriority(os.PRIO_PROCESS, pid) for pid in (child, up.process.pid))
    run = wait_for_run(up, is_done)

    assert child != up.process.pid
    assert priority > priority_of_pages
    assert run["model_slug"] == "v5-0-tiny-1"
    assert wait_until_gone(child)
    assert "libtorch" not in Path(f"/proc/{up.process.pid}/maps").read_text()
    assert 'cakelens_workers{queue="train"} 1.0' in up.get("/metrics")


def test_ctrl_c_lets_a_run_wait_with_its_checkpoint(up: Up) -> None:
    queue_run(up, steps=400)
    up.start()
    child = pid_of(wait_for_run(up, is_under_way))

    status = up.interrupt()

    run = run_of(up)
    assert status == 0
    assert not is_alive(child)
    assert (run["state"], run["attempts"], run["owner"]) == ("queued", 0, "")
    assert list(Path(run["folder"], "checkpoints").glob("step-*.pt"))


def test_killed_app_takes_its_training_along_and_the_next_start_finishes_it(up: Up) -> None:
    queue_run(up, steps=60)
    up.start()
    child = pid_of(wait_for_run(up, is_under_way))

    up.kill()
    assert wait_until_gone(child)
    left = run_of(up)
    up.start()
    done = wait_for_run(up, is_done)

    assert left["state"] == "queued"
    assert 2 < left["step"] < 60
    assert done["step"] == 60
    assert done["attempts"] == 1
