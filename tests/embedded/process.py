"""`manage.py up` as a person starts it: a process of its own, a folder of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
OUTER = {"DATABASE_URL", "REDIS_URL", "MEDIA_ROOT", "SECRET_KEY"}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Up:
    """A running `manage.py up` on SQLite, in memory of no other service."""

    def __init__(self, var_dir: Path, port: int | None = None) -> None:
        self.var_dir, self.port = var_dir, port or free_port()
        self.log = var_dir.parent / f"up-{self.port}.log"

    @property
    def environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if k not in OUTER}
        return inherited | {"VAR_DIR": str(self.var_dir), "PORT": str(self.port)}

    def manage(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )

    def bring_in(self, clips: Iterable[Path]) -> None:
        """Make the database, with these clips in it; every other one is labeled as generated."""
        folder = self.var_dir.with_name("clips")
        folder.mkdir()
        lines = ["file,AI_GEN"]
        for number, clip in enumerate(clips):
            (folder / f"{number}.mp4").write_bytes(clip.read_bytes())
            lines.append(f"{number}.mp4,{number % 2}")
        labels = folder / "videos.csv"
        labels.write_text("\n".join(lines))
        for command in (("migrate", "-v0"), ("import_videos", str(folder), "--labels", str(labels))):
            done = self.manage(*command)
            assert done.returncode == 0, done.stderr

    def start(self) -> None:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.get_when_ready("/login/")

    def get_when_ready(self, path: str) -> str:
        """Wait until a page is there, or says no more that something is missing."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            try:
                return self.get(path)
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"manage.py up did not answer:\n{self.log.read_text()}")

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as response:
            return str(response.read().decode())

    def children(self) -> list[int]:
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def kill(self) -> None:
        """`kill -9` of the process; its child must notice by itself."""
        self.process.kill()
        self.process.wait(10)

    def printed_password(self) -> str:
        found = re.search(r"password (\S+)", self.log.read_text())
        assert found is not None
        return found[1]


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int, seconds: float = 30) -> bool:
    until = time.monotonic() + seconds
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.1)
    return not is_alive(pid)
