"""Run an iterator ahead on a thread of its own, through a bounded queue."""

import threading
from collections.abc import Iterable, Iterator
from queue import Full, Queue
from typing import TypeVar

T = TypeVar("T")
_POLL_SECONDS = 0.1


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error


_END = object()


def prefetched(items: Iterable[T], *, ahead: int) -> Iterator[T]:
    """Yield `items`, made up to `ahead` in advance on another thread.

    An error of the maker is raised here, after what came before it. Leaving early stops the maker.
    """
    queue: Queue[object] = Queue(maxsize=ahead)
    stopped = threading.Event()
    thread = threading.Thread(target=_fill, args=(items, queue, stopped), name="prefetch", daemon=True)
    thread.start()
    try:
        yield from _drain(queue)  # type: ignore[misc]  # the queue holds what `items` yields
    finally:
        stopped.set()
        thread.join()


def _drain(queue: "Queue[object]") -> Iterator[object]:
    while (item := queue.get()) is not _END:
        if isinstance(item, _Failed):
            raise item.error
        yield item


def _fill(items: Iterable[object], queue: "Queue[object]", stopped: threading.Event) -> None:
    try:
        for item in items:
            if not _put(queue, item, stopped):
                return
        _put(queue, _END, stopped)
    except BaseException as error:  # noqa: BLE001  # crosses the thread: the consumer raises it
        _put(queue, _Failed(error), stopped)


def _put(queue: "Queue[object]", item: object, stopped: threading.Event) -> bool:
    """Wait for room, but not for a consumer that has left; tell whether the item went in."""
    while not stopped.is_set():
        try:
            queue.put(item, timeout=_POLL_SECONDS)
        except Full:
            continue
        return True
    return False
