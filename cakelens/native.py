"""`kernel.c`, compiled once by the machine's own compiler, called on threads of ours.

Plain C through ctypes needs no Python headers and compiles in half a second. Its threads meet once a frame
instead of once an operation: on a crowded machine that is twice as fast as the same passes in torch.
Shapes: R rows (positions), C channels.
"""

import ctypes
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cakelens.fused import SLOPE, skip_padding
from cakelens.processor import cpu_flags

logger = logging.getLogger(__name__)

MAX_CHANNELS = 1024  # as in kernel.c
_SOURCE = Path(__file__).with_name("kernel.c")
_FLAGS = ("-O3", "-march=native", "-shared", "-fPIC")
_SUFFIXES = {torch.float32: "f32", torch.bfloat16: "bf16"}
_COMPILERS = ("cc", "gcc", "clang")


class NativePasses:
    """The passes of `passes.TorchPasses`, in C."""

    name = "native"

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._num_threads = torch.get_num_threads()
        self._threads = ThreadPoolExecutor(self._num_threads, thread_name_prefix="cakelens-passes")

    def leaky_sums(self, in_RC: Tensor, out_RC: Tensor, pivot_C: Tensor, sums_2C: Tensor) -> None:
        """Write the LeakyReLU of `in_RC` and add each channel's sums about `pivot_C`."""
        function = self._function("leaky_sums", in_RC)
        channels, slope = ctypes.c_int64(in_RC.shape[1]), ctypes.c_float(SLOPE)

        def run(start: int, stop: int) -> Tensor:
            part_2C = torch.zeros_like(sums_2C)
            rows = (_pointer(in_RC[start]), _pointer(out_RC[start]), ctypes.c_int64(stop - start))
            function(*rows, channels, slope, _pointer(pivot_C), _pointer(part_2C[0]), _pointer(part_2C[1]))
            return part_2C

        for part_2C in self._threads.map(run, *self._shares(len(in_RC))):
            sums_2C += part_2C

    def normalise(self, values_RC: Tensor, gain_C: Tensor, shift_C: Tensor, skip_RC: Tensor | None) -> None:
        """Scale and shift each channel in place, then add the skip in the middle channels."""
        function = self._function("normalise", values_RC)
        channels = values_RC.shape[1]
        num_skip = 0 if skip_RC is None else skip_RC.shape[1]
        before = skip_padding(num_skip, channels)[0] if num_skip else 0

        def run(start: int, stop: int) -> None:
            rows = (_pointer(values_RC[start]), ctypes.c_int64(stop - start), ctypes.c_int64(channels))
            skip = None if skip_RC is None else _pointer(skip_RC[start])
            skips = (skip, ctypes.c_int64(num_skip), ctypes.c_int64(before))
            function(*rows, _pointer(gain_C), _pointer(shift_C), *skips)

        list(self._threads.map(run, *self._shares(len(values_RC))))

    def _function(self, name: str, values: Tensor) -> Callable[..., Any]:
        function: Callable[..., Any] = getattr(self._library, f"{name}_{_SUFFIXES[values.dtype]}")
        return function

    def _shares(self, rows: int) -> tuple[list[int], list[int]]:
        """Give the first row and the row past the last of each thread's share."""
        parts = min(self._num_threads, rows)
        edges = [rows * part // parts for part in range(parts + 1)]
        return edges[:-1], edges[1:]


@cache
def native_passes() -> NativePasses | None:
    """Compile and load the kernel; None, with the reason logged, where that is not possible."""
    compiler = next(filter(None, map(shutil.which, _COMPILERS)), None)
    if compiler is None:
        logger.info("no C compiler: the norms run in torch")
        return None
    try:
        return NativePasses(ctypes.CDLL(str(_compiled(compiler))))
    except (OSError, subprocess.CalledProcessError) as exc:
        logger.info("the C compiler %s failed (%s): the norms run in torch", compiler, exc)
        return None


def _compiled(compiler: str) -> Path:
    """Give the library from the cache, compiling it if it is not there."""
    folder = _cache_folder()
    library = folder / f"kernel-{_fingerprint(compiler)}.so"
    if not library.exists():
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            built = Path(temporary) / library.name
            command = [compiler, *_FLAGS, str(_SOURCE), "-o", str(built)]
            subprocess.run(command, check=True, capture_output=True)  # a compiler from PATH
            built.replace(library)
    return library


def _cache_folder() -> Path:
    """Give a folder of the user's own, or one for this process where the home cannot be written."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cakelens"
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="cakelens-"))
    return base if os.access(base, os.W_OK) else Path(tempfile.mkdtemp(prefix="cakelens-"))


def _fingerprint(compiler: str) -> str:
    """Name what the library depends on: source, flags, compiler, and the processor of `-march=native`."""
    version = subprocess.run([compiler, "--version"], check=True, capture_output=True).stdout
    processor = " ".join([platform.machine(), *sorted(cpu_flags())])
    parts = (_SOURCE.read_bytes(), " ".join(_FLAGS).encode(), version, processor.encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _pointer(tensor: Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(tensor.data_ptr())
