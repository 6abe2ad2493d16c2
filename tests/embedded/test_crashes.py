"""`kill -9` of the one-process app while posts download: the drill of tests/collecting, without Redis."""

import json
import os
import random
import sqlite3
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from labeling.collecting import parts
from labeling.collecting.links import canonical_url
from tests.collecting.drills.archive import Archive, Found, damage, publish
from tests.collecting.drills.stage import SECONDS_FOR_ONE, way_to
from tests.collecting.standin.x import Standin
from tests.embedded.process import Up

DRILLS = [
    pytest.param(12, 2, marks=[pytest.mark.slow, pytest.mark.timeout(180)], id="short"),
    pytest.param(200, 10, marks=[pytest.mark.nightly, pytest.mark.timeout(1800)], id="full"),
]
NOTED = """
CREATE TABLE drill_stored (variant_id);
CREATE TRIGGER drill_note AFTER UPDATE ON labeling_variant WHEN NEW.state = 'stored'
BEGIN INSERT INTO drill_stored VALUES (NEW.id); END;
"""
UNFINISHED = """
SELECT (SELECT count(*) FROM labeling_collectjob WHERE state IN ('queued', 'running'))
     + (SELECT count(*) FROM labeling_variantjob WHERE state IN ('queued', 'running'))
"""


class Drilled:
    """The app, its posts from the stand-in, and its database seen from outside."""

    def __init__(self, folder: Path) -> None:
        self.up = Up(folder / "var")

    def rows(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self.up.var_dir / "cakelens.sqlite3", timeout=20)) as database:
            return database.execute(query).fetchall()

    def note_what_is_stored(self) -> None:
        with closing(sqlite3.connect(self.up.var_dir / "cakelens.sqlite3", timeout=20)) as database:
            database.executescript(NOTED)

    def add(self, archive: Archive) -> None:
        token = self.up.manage("token", "admin").stdout.strip()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.up.port}/api/posts",
            json.dumps({"urls": [canonical_url(x_id) for x_id in archive.x_ids]}).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as response:
            assert response.status == 202

    def is_busy(self) -> bool:
        return bool(self.rows(UNFINISHED)[0][0])

    def num_stored(self) -> int:
        return int(self.rows("SELECT count(*) FROM labeling_variant WHERE state = 'stored'")[0][0])

    def wait_for_another(self) -> None:
        before, until = self.num_stored(), time.monotonic() + SECONDS_FOR_ONE
        while self.is_busy() and self.num_stored() == before:
            assert time.monotonic() < until, f"Nothing is stored any more.\n{self.up.log.read_text()[-4000:]}"
            time.sleep(0.05)

    def kill_at_random(self, times: int) -> int:
        num_killed = 0
        for _ in range(times):
            self.wait_for_another()
            time.sleep(random.uniform(0, 1.5))
            num_killed += self.is_busy()
            self.up.kill()
            self.up.start()
        return num_killed

    def damage_done(self, archive: Archive) -> list[str]:
        incoming = self.up.var_dir / "media" / "incoming"
        for path in incoming.rglob("*"):
            os.utime(path, (0, 0))
        parts.sweep(incoming, older_than_seconds=24 * 3600)
        found = self.rows("SELECT url, state, sha256, name, num_bytes FROM labeling_variant")
        left = [f"{path.name} was not swept" for path in incoming.iterdir()]
        return [*damage(archive, [Found(*row) for row in found], incoming.parent), *left]


@pytest.fixture(scope="session")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    with Standin(tmp_path_factory.mktemp("standin")) as standin:
        yield standin


@pytest.fixture
def drilled(tmp_path: Path, standin: Standin, monkeypatch: pytest.MonkeyPatch) -> Iterator[Drilled]:
    for name, value in way_to(standin).items():
        monkeypatch.setenv(name, value)
    drilled = Drilled(tmp_path)
    drilled.up.start()
    drilled.note_what_is_stored()
    yield drilled
    if drilled.up.process.poll() is None:
        drilled.up.interrupt()


@pytest.mark.parametrize(("num_posts", "num_kills"), DRILLS)
def test_killed_app_loses_nothing(drilled: Drilled, standin: Standin, num_posts: int, num_kills: int) -> None:
    archive = publish(standin, num_posts)
    drilled.add(archive)

    num_killed = drilled.kill_at_random(num_kills)
    while drilled.is_busy():
        drilled.wait_for_another()

    times = drilled.rows("SELECT DISTINCT count(*) FROM drill_stored GROUP BY variant_id")
    assert num_killed == num_kills
    assert times == [(1,)]
    assert drilled.damage_done(archive) == []
