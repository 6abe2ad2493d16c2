"""The processes that train one model together: which one this is, and how they agree.

`torchrun` starts them and says in the environment who is who. Alone, every question has its simple answer.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

T = TypeVar("T")

# A process that died is noticed at once; this is for a machine that vanished without a word.
_PATIENCE = timedelta(minutes=20)


class RankLost(RuntimeError):
    """Another process of this run is gone; the message says how to go on."""


@dataclass(frozen=True, slots=True)
class World:
    """`rank` of `size` processes in all, `local_rank` among those of this machine."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def is_first(self) -> bool:
        """Tell whether this process writes the run's files and rows; one does."""
        return self.rank == 0

    def total(self, value: Tensor) -> Tensor:
        """Give the sum of `value` over all processes."""
        if self.size == 1:
            return value
        summed = value.clone()
        with _losses_told():
            dist.all_reduce(summed)
        return summed

    def any(self, flag: bool) -> bool:
        """Tell whether any process says so; all get the same answer."""
        return bool(self.total(torch.tensor(int(flag))))

    def gathered(self, value: T) -> list[T]:
        """Give every process's value, in order of rank."""
        if self.size == 1:
            return [value]
        values: list[Any] = [None] * self.size
        with _losses_told():
            dist.all_gather_object(values, value)
        return values

    def from_first(self, value: T) -> T:
        """Give the first process's value to all."""
        if self.size == 1:
            return value
        values: list[Any] = [value]
        with _losses_told():
            dist.broadcast_object_list(values, src=0)
        shared: T = values[0]
        return shared


ALONE = World()


@contextmanager
def joined_world() -> Generator[World, None, None]:
    """Join the processes that `torchrun` started, until the block ends; without it, be alone."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        yield ALONE
        return
    rank, size, local_rank = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    on_cuda = torch.cuda.is_available()
    if on_cuda:
        torch.cuda.set_device(local_rank % torch.cuda.device_count())
    dist.init_process_group("cpu:gloo,cuda:nccl" if on_cuda else "gloo", timeout=_PATIENCE)
    try:
        yield World(rank, size, local_rank)
    finally:
        dist.destroy_process_group()


@contextmanager
def _losses_told() -> Generator[None, None, None]:
    try:
        yield
    except RuntimeError as exc:  # what gloo and NCCL say differs by version
        raise _lost(exc) from exc


@contextmanager
def lost_ranks_told(world: World) -> Generator[None, None, None]:
    """Say what happened where the gradients of another process do not come."""
    try:
        yield
    except RuntimeError as exc:
        if world.size > 1 and _is_of_the_network(exc):
            raise _lost(exc) from exc
        raise


def _lost(exc: RuntimeError) -> RankLost:
    reason = str(exc).partition("\n")[0]
    return RankLost(
        f"Another process of this run is gone ({reason}). Start it again with --resume: it goes on from the"
        " last checkpoint."
    )


def _is_of_the_network(exc: RuntimeError) -> bool:
    """Tell a broken connection from a mistake in the computation, by the words of gloo and NCCL."""
    words = ("gloo", "nccl", "connection", "peer", "timed out", "process group")
    return any(word in str(exc).lower() for word in words)
