"""How a model is run on this machine: chosen once by what there is, logged, and overridable.

| backend   | for                                                           |
|-----------|---------------------------------------------------------------|
| streaming | the v5 on a CPU: two buffers, frame by frame, fp32 or bf16;   |
|           | norms in C where there is a compiler, else in torch           |
| openvino  | the v5 on a CPU without a compiler, where the extra is there  |
| inductor  | CUDA and ROCm at `auto`: `torch.compile` fuses the norms      |
| eager     | everything else, and what the others are held against         |
"""

import logging
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Literal, get_args

import torch
from torch import Tensor

from cakelens.model import Model
from cakelens.native import MAX_CHANNELS, native_passes
from cakelens.passes import Passes, TorchPasses
from cakelens.processor import cpu_flags
from cakelens.streaming import StreamingModel

logger = logging.getLogger(__name__)

Backend = Literal["eager", "inductor", "openvino", "streaming"]
Precision = Literal["fp32", "auto"]
Runner = Callable[[Tensor], Tensor]

_FAST_BF16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16", "svebf16"}


def make_runner(model: Model, device: str, precision: Precision, backend: Backend | None = None) -> Runner:
    """Give a function from uint8 framesets on `device` to logits.

    Raises:
        ValueError: An unknown precision or backend, or one that cannot run this model on this device.
    """
    if precision not in get_args(Precision):
        raise ValueError(f"precision must be one of {', '.join(get_args(Precision))}, got {precision!r}")
    backend = backend or best_backend(model, device, precision)
    dtype = best_dtype(device) if precision == "auto" else torch.float32
    _say_once(f"backend {backend} on {device} in {str(dtype).removeprefix('torch.')}")
    if backend in ("streaming", "openvino"):
        _check_v5_on_cpu(model, device, backend)
    if backend == "openvino":
        return _openvino_runner(model, dtype)
    if backend == "streaming":
        passes = _best_passes(model)
        _say_once(f"norms: {passes.name}")
        return StreamingModel(model, dtype, passes)
    if backend == "inductor":
        return _in_dtype(torch.compile(model, dynamic=False), device, dtype)
    if backend == "eager":
        return _in_dtype(model, device, dtype)
    raise ValueError(f"backend must be one of {', '.join(get_args(Backend))}, got {backend!r}")


@cache
def _say_once(choice: str) -> None:
    """Log a choice the first time it is made: training judges after each epoch, by the same choice."""
    logger.info(choice)


def best_backend(model: Model, device: str, precision: Precision) -> Backend:
    """Name the fastest backend that `device` has for `model`."""
    is_v5 = model.config.architecture == "spacetime"
    if device == "cpu" and is_v5:
        needs_openvino = native_passes() is None and find_spec("openvino") is not None
        return "openvino" if needs_openvino else "streaming"
    if device.startswith("cuda") and is_v5 and precision == "auto" and find_spec("triton") is not None:
        return "inductor"
    return "eager"


def best_dtype(device: str) -> torch.dtype:
    """Give bf16 where the device computes in it, fp32 where it would only be emulated."""
    if device == "cpu":
        return torch.bfloat16 if cpu_flags() & _FAST_BF16_FLAGS else torch.float32
    if device.startswith("cuda") and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16
    return torch.float32


def _best_passes(model: Model) -> Passes:
    config = model.config
    widest = config.initial_channels + 2 * config.channels_step * config.num_blocks
    return (native_passes() if widest <= MAX_CHANNELS else None) or TorchPasses()


def _check_v5_on_cpu(model: Model, device: str, backend: Backend) -> None:
    if device != "cpu" or model.config.architecture != "spacetime":
        raise ValueError(
            f"backend {backend} runs the v5 on a CPU, not {model.config.architecture} on {device}"
        )


def _openvino_runner(model: Model, dtype: torch.dtype) -> Runner:
    try:
        from cakelens.vino import VinoModel  # an optional extra: half a second and 180 MB
    except ImportError as exc:
        raise ValueError("backend openvino is not installed; run `pip install cakelens[openvino]`") from exc
    return VinoModel(model, dtype)


def _in_dtype(run: Runner, device: str, dtype: torch.dtype) -> Runner:
    """Run under autocast where `dtype` is not fp32; the weights stay as they are."""
    if dtype == torch.float32:
        return run

    def run_autocast(frames_NCTHW: Tensor) -> Tensor:
        with torch.autocast(torch.device(device).type, dtype=dtype):
            return run(frames_NCTHW)

    return run_autocast
