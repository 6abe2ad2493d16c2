"""The whole app as one process, started, interrupted and killed for real."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.embedded.process import Up, wait_until_gone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    up = Up(tmp_path / "var")
    yield up
    process = getattr(up, "process", None)
    if process and process.poll() is None:
        up.interrupt()


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from cakelens.config import PRESETS
    from cakelens.model import Model
    from cakelens.weights import save_weights

    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_weights(Model(PRESETS["tiny"]), path)
    return path


def rows(up: Up, query: str) -> list[Any]:
    with closing(sqlite3.connect(up.var_dir / "cakelens.sqlite3", timeout=20)) as database:
        return database.execute(query).fetchall()


def test_up_starts_on_an_empty_folder_and_says_how_to_log_in(up: Up) -> None:
    up.start()

    assert "CakeLens" in up.get("/login/")
    assert (up.var_dir / "admin-password").read_text().strip() == up.printed_password()
    assert (up.var_dir / "admin-password").stat().st_mode & 0o077 == 0


def test_up_has_all_it_needs(up: Up) -> None:
    up.start()

    found = json.loads(up.get_when_ready("/readyz"))

    assert set(found.values()) == {"ok"}
    assert 'cakelens_workers{queue="collect"} 1.0' in up.get("/metrics")


def test_up_ends_on_ctrl_c_with_its_child(up: Up) -> None:
    up.start()
    children = up.children()

    status = up.interrupt()

    assert status == 0
    assert len(children) == 1
    assert wait_until_gone(children[0])
    assert "Nothing is lost" in up.log.read_text()


def test_up_on_a_taken_port_says_so_in_one_line(up: Up) -> None:
    up.start()

    second = up.manage("up")

    assert second.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{up.port} (Address already in use)" in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1


def test_up_on_a_folder_it_may_not_write_says_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    up = Up(tmp_path / "file" / "var")

    done = up.manage("up")

    assert done.returncode == 1
    assert "Cannot write to" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_predictions_interrupted_by_kill_are_finished_once_by_the_next_start(
    up: Up, weights: Path, clip: Callable[..., Path], tmp_path: Path
) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    for seed in range(12):
        (folder / f"{seed}.mp4").write_bytes(
            clip(seed=seed, num_frames=40, width=320, height=240).read_bytes()
        )
    assert up.manage("migrate", "-v0").returncode == 0
    assert up.manage("import_videos", str(folder)).returncode == 0
    assert up.manage("add_model", "tiny-1", "--path", str(weights)).returncode == 0
    assert up.manage("promote_model", "tiny-1").returncode == 0
    up.start()
    [child] = up.children()
    wait_for_predictions(up, at_least=1)

    up.kill()
    assert wait_until_gone(child)
    # The lease of the job that was running is over, as it would be a minute later.
    with closing(sqlite3.connect(up.var_dir / "cakelens.sqlite3", timeout=20)) as database, database:
        database.execute("UPDATE inference_predictjob SET lease_until = '2000-01-01' WHERE state = 'running'")
    before = dict(rows(up, "SELECT video_id, created_at FROM inference_prediction"))
    up.start()
    wait_for_predictions(up, at_least=12)

    after = dict(rows(up, "SELECT video_id, created_at FROM inference_prediction"))
    assert len(rows(up, "SELECT id FROM inference_prediction")) == len(after) == 12
    assert before.items() <= after.items()


def wait_for_predictions(up: Up, *, at_least: int) -> None:
    import time

    until = time.monotonic() + 60
    while time.monotonic() < until:
        states = dict(rows(up, "SELECT state, count(*) FROM inference_predictjob GROUP BY state"))
        if int(str(states.get("done", 0))) >= at_least:
            return
        time.sleep(0.1)
    raise AssertionError(f"{json.dumps(states)}\n{up.log.read_text()}")
