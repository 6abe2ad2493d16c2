"""What long commands share: where progress goes, and how they stop."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console


def console() -> Console:
    """Return the console for progress: stderr, so that stdout holds results alone."""
    return Console(stderr=True)


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Turn Ctrl-C and SIGTERM into an event that loops look at; a second Ctrl-C stops at once."""
    stopping = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        if stopping.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stopping.set()

    previous = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def stop_with_parent() -> Iterator[Callable[[], bool]]:
    """Give what tells a process to stop: a signal came, or the process that started this one is gone."""
    parent = os.getppid()
    with stop_on_signals() as stopping:
        yield lambda: stopping.is_set() or os.getppid() != parent
