"""Real threads on the real database, for what interleaving by hand cannot show."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import TypeVar

from django.db import connection, connections

T = TypeVar("T")


def at_once(*calls: Callable[[], T]) -> list[T]:
    """Run each call in a thread of its own, all started together; return what each returned.

    The test must be transactional, or the threads see nothing of it.
    """
    start = Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        start.wait()
        return _then_disconnect(call)

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(run, call) for call in calls]]


def _then_disconnect(call: Callable[[], T]) -> T:
    try:
        return call()
    finally:
        connections.close_all()


@contextmanager
def meanwhile(call: Callable[[], T]) -> Iterator["Future[T]"]:
    """Start `call` in another thread and enter once PostgreSQL lets it wait for our transaction's lock."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(_then_disconnect, call)
        while not (future.done() or _is_anybody_waiting()):
            time.sleep(0.005)
        yield future


def _is_anybody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
