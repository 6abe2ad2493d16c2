"""`kill -9` between two videos of a withdrawal: the published list is never behind the database."""

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

# Dies by itself where it hurts: the first video is withdrawn, the second is not.
KILLED = """
import os, signal, sys
import django
django.setup()
from django.core.management import call_command
from training.batches import withdrawing

real = withdrawing._withdraw
def only_once(video, **how):
    withdrawing._withdraw = lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL)
    return real(video, **how)

withdrawing._withdraw = only_once
call_command("withdraw", *sys.argv[1:])
"""


def test_killed_withdrawal_has_published_what_it_withdrew(tmp_path: Path, clip: Callable[..., Path]) -> None:
    up = Up(tmp_path / "var")
    up.bring_in(clip(seed=seed) for seed in range(2))
    keys = keys_of(up, "SELECT key FROM labeling_video")

    environment = up.environment | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *keys], cwd=ROOT, env=environment, capture_output=True, check=False
    )

    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert keys_of(up, "SELECT key FROM labeling_video WHERE is_withdrawn") == keys[:1]
    published = json.loads((up.var_dir / "media/batches/withdrawn.json").read_text())["videos"]
    assert set(keys[:1]) <= set(published)


def keys_of(up: Up, query: str) -> list[str]:
    with closing(sqlite3.connect(up.var_dir / "cakelens.sqlite3", timeout=20)) as database:
        return [row[0] for row in database.execute(f"{query} ORDER BY id")]
