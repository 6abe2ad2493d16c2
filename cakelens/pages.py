"""Let go of weights that are mapped from a file, so that a gigabyte read once does not stay in memory.

The kernel reads such pages from its cache again at the next use. Linux only; elsewhere nothing happens.
"""

import ctypes
import mmap
from pathlib import Path

from torch import Tensor

_SMAPS = Path("/proc/self/smaps")


def is_releasable(tensor: Tensor) -> bool:
    """Tell whether a file holds the same bytes as `tensor`.

    Pages that were written to, by an optimizer say, exist nowhere else: a mapping with a single such
    page is not releasable, nor is memory that no file backs.
    """
    start, stop = _whole_pages(tensor)
    return start < stop and _is_clean_file(start, stop)


def release(tensor: Tensor) -> None:
    """Drop the memory pages of a tensor, or of a part of one, that `is_releasable`; its values stay."""
    start, stop = _whole_pages(tensor)
    if start < stop:
        advice = ctypes.c_int(mmap.MADV_DONTNEED)
        ctypes.CDLL(None).madvise(ctypes.c_void_p(start), ctypes.c_size_t(stop - start), advice)


def _whole_pages(tensor: Tensor) -> tuple[int, int]:
    """Give the addresses of the first page and past the last one that lie wholly inside the tensor."""
    size = mmap.PAGESIZE
    start = tensor.data_ptr()
    stop = start + tensor.numel() * tensor.element_size()
    return -(-start // size) * size, stop // size * size


def _is_clean_file(start: int, stop: int) -> bool:
    """Tell whether one mapping of a file covers these addresses without a page of its own."""
    try:
        lines = iter(_SMAPS.read_text().splitlines())
    except OSError:
        return False
    for line in lines:
        if _covers(line, start, stop):
            is_file = line.split(maxsplit=5)[4] != "0"  # the inode
            anonymous = next(field for field in lines if field.startswith("Anonymous:"))
            return is_file and anonymous.split()[1] == "0"
    return False


def _covers(line: str, start: int, stop: int) -> bool:
    """Tell whether this line of smaps begins a mapping that holds all the addresses."""
    first, dash, last = line.partition(" ")[0].partition("-")
    if not dash:
        return False
    return int(first, 16) <= start and stop <= int(last, 16)
