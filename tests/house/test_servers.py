import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests.house.tree import ROOT

START = "import pathlib, sys; from tests import servers; "
START += "print(servers.start_postgres(pathlib.Path(sys.argv[1])), flush=True); sys.stdin.read()"
PATIENCE_SECONDS = 20


def is_served(url: str) -> bool:
    try:
        psycopg.connect(url.replace("/cakelens", "/postgres")).close()
    except psycopg.OperationalError:
        return False
    return True


def ends(url: str) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while is_served(url) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_served(url)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user may enter; pytest's own is closed to them."""
    with tempfile.TemporaryDirectory(prefix="cakelens-tests-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.slow
@pytest.mark.parametrize("killed", [False, True])
def test_postgres_ends_with_the_process_that_started_it(open_folder: Path, killed: bool) -> None:
    command = [sys.executable, "-c", START, str(open_folder / "postgres")]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert is_served(url)

        process.kill() if killed else process.communicate()

    assert ends(url)


@pytest.mark.django_db
@pytest.mark.embedded
def test_database_is_the_one_asked_for(request: pytest.FixtureRequest) -> None:
    database = request.config.getoption("db")

    assert connection.vendor == {"postgres": "postgresql"}.get(database, database)
    assert bool(os.environ["REDIS_URL"]) == (database == "postgres")


@pytest.mark.postgres
def test_postgres_tests_are_left_out_on_sqlite(request: pytest.FixtureRequest) -> None:
    assert request.config.getoption("db") == "postgres"
