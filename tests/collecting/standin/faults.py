"""How an answer goes wrong."""

import threading
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to answer wrongly, `times` times; then all is well again.

    With `status` the answer is that and `body`. Without it the right answer is given, but cut off or
    stalled after a share of it, a byte at a time, without its length, without ranges or without the
    ETag by which a part of it can be asked for.
    """

    status: int = 0
    body: bytes = b""
    content_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_at: float | None = None
    stall_at: float | None = None
    is_trickle: bool = False
    has_length: bool = True
    has_ranges: bool = True
    has_etag: bool = True
    times: int = 1_000_000


class Faults:
    """The faults there are, by what they befall."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[Hashable, list[tuple[Fault, int]]] = {}

    def add(self, key: Hashable, fault: Fault) -> None:
        with self._lock:
            self._left.setdefault(key, []).append((fault, fault.times))

    def take(self, key: Hashable) -> Fault | None:
        """Return the fault for this answer, if there is one left."""
        with self._lock:
            queue = self._left.get(key)
            if not queue:
                return None
            fault, times = queue.pop(0)
            if times > 1:
                queue.insert(0, (fault, times - 1))
            return fault

    def clear(self) -> None:
        with self._lock:
            self._left.clear()
