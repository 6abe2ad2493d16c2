"""Leave the machine as a run on a CPU wants it: a core for decoding, and memory that stays."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

# Source: glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4


@contextmanager
def core_left_free() -> Iterator[None]:
    """Let torch take one core fewer than there are; decoding needs it.

    On two cores this costs a quarter less CPU: torch's threads spin while they wait for one another.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(max(min(before, (os.cpu_count() or 1) - 1), 1))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def keep_freed_memory() -> bool:
    """Let glibc keep what is freed for what comes next; tell whether this is glibc.

    Each step frees and takes the same hundreds of megabytes. By default they go back to the system and come
    as fresh pages, zeroed one by one: a quarter of the CPU time of `tiny`.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_M_MMAP_MAX, 0) and mallopt(_M_TRIM_THRESHOLD, 2**31 - 1))
