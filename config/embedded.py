"""The embedded app: web, workers and clock in one process, inference and training in niced children.

Started by `manage.py up` alone, never on import. Nothing is lost when it is killed: jobs are leased rows,
and the sweep at the next start rings for what was running.
"""

import fcntl
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from celery.beat import EmbeddedService
from django.conf import settings

from config.celery import app
from config.memory import use_few_arenas
from jobs import children, workers

logger = logging.getLogger(__name__)

QUEUES = ["collect", "export"]
WORKER_THREADS = 4
WORKER_GRACE_SECONDS = 10
WEB_THREADS = 8
NICENESS = 10


class AlreadyUp(Exception):
    """The app runs on this data already."""


@contextmanager
def alone(var_dir: Path) -> Iterator[None]:
    """Hold the data for one process: an in-memory broker and SQLite are made for one.

    The lock ends with the process, however it ends.

    Raises:
        AlreadyUp: Another process holds it.
    """
    with (var_dir / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise AlreadyUp(f"The app is running on {var_dir} already. Stop it there first: Ctrl-C.") from exc
        yield


class PortTaken(Exception):
    """Another program listens there."""


def listen(host: str, port: int) -> socket.socket:
    """Take the port before anything else is started.

    Raises:
        PortTaken: It is in use, or not ours to use.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as exc:
        listener.close()
        raise PortTaken(
            f"Cannot listen on {host}:{port} ({exc.strerror}). "
            "Stop the program there, or set PORT to another one."
        ) from exc
    return listener


@contextmanager
def worker() -> Iterator[None]:
    """Run Celery's worker in threads of this process. Stopping waits for the tasks that are running."""
    use_few_arenas()
    controller = app.WorkController(
        pool="threads",
        concurrency=WORKER_THREADS,
        queues=QUEUES,
        without_heartbeat=True,
        without_gossip=True,
        without_mingle=True,
    )
    thread = threading.Thread(target=controller.start, name="worker", daemon=True)
    thread.start()
    # Of training a child takes care, which lives only while there is some.
    workers.show([*QUEUES, *(["train"] if children.has_torch() else [])])
    try:
        yield
    finally:
        controller.stop()
        thread.join(WORKER_GRACE_SECONDS)


@contextmanager
def clock() -> Iterator[None]:
    """Run Celery's beat in a thread: it calls the sweeper."""
    beat = EmbeddedService(app, thread=True, scheduler_cls=settings.CELERY_BEAT_SCHEDULER)
    beat.start()  # type: ignore[union-attr]
    try:
        yield
    finally:
        beat.stop()


@contextmanager
def inference() -> Iterator[None]:
    """Run inference in a child process, which stops by itself if this one dies.

    Without torch there is none, and no suggestions.
    """
    if not children.has_torch():
        logger.warning("torch is not installed: no suggestions, no training. `make up` installs it.")
        yield
        return
    child = children.start("predict", "--follow", niceness=NICENESS)
    try:
        yield
    finally:
        children.end(child)


def serve(listener: socket.socket, application: Callable[..., Any]) -> None:
    """Serve pages until SIGINT or SIGTERM."""
    from waitress.server import create_server

    server = create_server(application, sockets=[listener], threads=WEB_THREADS, ident=None)

    def stop(number: int, frame: object) -> None:
        raise SystemExit(0)

    previous = signal.signal(signal.SIGTERM, stop)
    with closing(server):
        try:
            server.run()
        except (KeyboardInterrupt, SystemExit):
            pass
        finally:
            signal.signal(signal.SIGTERM, previous)
            server.task_dispatcher.shutdown()
