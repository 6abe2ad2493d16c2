"""Too little memory, told apart from mistakes and said with what helps."""

from collections.abc import Generator
from contextlib import contextmanager

import torch

from training.config import TrainConfig


class TooLittleMemory(RuntimeError):
    """A step does not fit into the device's memory: what to change."""


@contextmanager
def memory_told(config: TrainConfig, device: str) -> Generator[None, None, None]:
    """Turn a failed allocation into `TooLittleMemory`."""
    try:
        yield
    except RuntimeError as exc:
        if not _is_of_memory(exc):
            raise
        raise TooLittleMemory(_advice(config, device)) from exc


def _is_of_memory(exc: RuntimeError) -> bool:
    """Tell by the class on a GPU, and by torch's words on a CPU, where it has no class for it."""
    return isinstance(exc, torch.OutOfMemoryError) or "can't allocate memory" in str(exc)


def _advice(config: TrainConfig, device: str) -> str:
    size = config.minibatch_size
    if size > 1:
        return (
            f"A minibatch of {size} does not fit into the memory of {device}. Take a smaller"
            " --minibatch-size, and --accumulate as many times more: the steps stay the same."
        )
    remedy = "Train --preset v6" if config.recompute else "Try --recompute, train --preset v6"
    return (
        f"Not even one sample of {config.preset} fits into the memory of {device}. {remedy}, or take a"
        " device with more."
    )
