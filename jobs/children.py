"""Processes beside the embedded app: what needs torch, at a low priority, so that pages answer meanwhile.

A command that is started here must end by itself when this process dies (`console.stop_with_parent`).
"""

import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from jobs.models import LeasedJob, State

logger = logging.getLogger(__name__)

GRACE_SECONDS = 10
POLL_SECONDS = 2.0
PAUSE_SECONDS = 60.0
"""After a child that broke down: the next one may break down too."""


def has_torch() -> bool:
    return find_spec("torch") is not None


def start(*command: str, niceness: int) -> "subprocess.Popen[bytes]":
    """Start a command of ours that leaves one core to the pages."""
    child = subprocess.Popen(
        [sys.executable, "manage.py", *command],
        cwd=settings.BASE_DIR,
        env=os.environ | _environment(),
        start_new_session=True,  # Ctrl-C reaches this process alone, which then tells the child
    )
    # Not by `preexec_fn`: threads run here, and a fork may inherit a lock that one of them holds.
    os.setpriority(os.PRIO_PROCESS, child.pid, os.getpriority(os.PRIO_PROCESS, 0) + niceness)
    return child


def end(child: "subprocess.Popen[bytes]") -> None:
    """Ask it to stop, and kill it if it does not."""
    child.terminate()
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _environment() -> dict[str, str]:
    """Leave a core to the pages, and let torch's threads sleep rather than spin while they wait."""
    threads = max(1, len(os.sched_getaffinity(0)) - 1)
    return {
        "VAR_DIR": str(settings.VAR_DIR),
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "passive",
    }


@contextmanager
def while_due(model: type[LeasedJob], command: str, *, niceness: int) -> Iterator[None]:
    """Have `command` do the jobs of `model` whenever one is due, in a child that lives no longer than that.

    The child claims them; this process only looks. A job that is not done when the block ends waits again.
    """
    stopping = threading.Event()
    thread = threading.Thread(target=_watch, args=(model, command, niceness, stopping), name=command)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _watch(model: type[LeasedJob], command: str, niceness: int, stopping: threading.Event) -> None:
    pause = POLL_SECONDS
    while not stopping.wait(pause):
        pause = POLL_SECONDS
        if _is_due(model):
            child = start(command, niceness=niceness)
            status = _wait_for(child, stopping)
            if status is None:
                _hand_back(model, child.pid)
            elif status:
                logger.error("%s ended with status %s; what it did is tried again.", command, status)
                pause = PAUSE_SECONDS


def _is_due(model: type[LeasedJob]) -> bool:
    try:
        return bool(model.objects.due(timezone.now()).exists())
    except DatabaseError as exc:  # busy: the next look tells
        logger.warning("Could not look for a %s that waits: %s", model.__name__, exc)
        return False
    finally:
        connection.close()


def _wait_for(child: "subprocess.Popen[bytes]", stopping: threading.Event) -> int | None:
    """Return the child's status, or None if it was ended because we stop."""
    while (status := child.poll()) is None:
        if stopping.wait(POLL_SECONDS):
            end(child)
            return None
    return status


def _hand_back(model: type[LeasedJob], pid: int) -> None:
    """Let what a killed child held wait again at once, and not count that as an attempt."""
    try:
        held = model.objects.filter(state=State.RUNNING, owner__startswith=f"{socket.gethostname()}:{pid}:")
        for job in held:
            job.hand_back()
    finally:
        connection.close()
