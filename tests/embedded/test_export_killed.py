"""`kill -9` of an export at its worst moments: nothing is half-done, and running it again finishes it."""

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.embedded.process import ROOT, Up

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

# Dies by itself where it hurts: before, while and after the manifest reaches the storage.
KILLED = """
import os, signal, sys
import django
django.setup()
from django.core.management import call_command
from labeling import storage
from training import export
from training.batches import sidecars

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

real = storage.store_as
def die_at_the_manifest(path, name):
    if name.endswith(".parquet"):
        die()
    real(path, name)

if sys.argv[1] == "before":
    export._refuse = die
elif sys.argv[1] == "while":
    storage.store_as = die_at_the_manifest
else:
    real_store = sidecars.store
    sidecars.store = lambda batch, folder: (real_store(batch, folder), die())
call_command("export_batch")
"""


@pytest.fixture
def up(tmp_path: Path, clip: Callable[..., Path]) -> Up:
    """A site with two labeled videos."""
    up = Up(tmp_path / "var")
    up.bring_in(clip(seed=seed) for seed in range(2))
    return up


@pytest.mark.parametrize("moment", ["before", "while", "after"])
def test_killed_export_leaves_no_batch_and_is_finished_by_running_it_again(up: Up, moment: str) -> None:
    environment = up.environment | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", KILLED, moment]
    killed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=60, check=False)

    left = rows(up, "SELECT * FROM training_trainingbatch") + rows(up, "SELECT * FROM training_batchitem")
    again = up.manage("export_batch", "--json")
    verified = up.manage("verify_batch", "v5.0")

    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert left == []
    assert json.loads(again.stdout)["slug"] == "v5.0"
    assert verified.returncode == 0, verified.stderr


def rows(up: Up, query: str) -> list[object]:
    with closing(sqlite3.connect(up.var_dir / "cakelens.sqlite3", timeout=20)) as database:
        return database.execute(query).fetchall()
