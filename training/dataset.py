"""From rows of a batch to minibatches: a random encoding, frameset and crop of each video.

What a sample shows depends on the seed, the epoch and its place alone, not on the process that makes it,
so that a run continues exactly. Frames stay uint8 on the way. Loads no Django: worker processes need none.
Shapes: N framesets, C = 3 colours, T = 9 frames, H and W the window, L = 17 labels.
"""

import multiprocessing
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from cakelens.config import ModelConfig
from cakelens.decoding import UnreadableVideo, VideoReader
from cakelens.framesets import FRAMES
from cakelens.prefetch import prefetched
from training.batches.rows import ManifestRow
from training.config import TrainConfig
from training.learning.augment import cut_sample
from training.learning.sampling import Pick, Schedule
from training.learning.world import ALONE, World

_PRELOADED = ["training.dataset", "torchcodec.decoders"]
_AHEAD = 4  # minibatches made ahead: enough to hide an odd slow video


class Unreadable(NamedTuple):
    """A video that gave no sample, and why."""

    video: str
    reason: str


class Sample(NamedTuple):
    frames_CTHW: Tensor
    targets_L: Tensor
    mask_L: Tensor


class Minibatch(NamedTuple):
    """Samples of one step; what could not be read is missing from the tensors and named."""

    frames_NCTHW: Tensor
    targets_NL: Tensor
    mask_NL: Tensor
    unreadable: list[Unreadable]


@dataclass(frozen=True, slots=True)
class FramesetDataset(Dataset[Sample | Unreadable]):
    """Make the sample of a pick."""

    rows: Sequence[ManifestRow]
    media_dir: Path
    config: TrainConfig
    model: ModelConfig

    def __getitem__(self, pick: Pick) -> Sample | Unreadable:
        row = self.rows[pick.row]
        rng = np.random.default_rng([self.config.seed, pick.epoch, pick.place])
        variant = row.variants[rng.integers(len(row.variants))]
        try:
            reader = VideoReader(self.media_dir / variant.name, self.model)
            frames_TCHW = _random_frames(reader, rng)
        except UnreadableVideo as exc:
            return Unreadable(row.video, str(exc))
        frames_CTHW = cut_sample(frames_TCHW, self.config, self.model.window, rng)
        return Sample(frames_CTHW, *targets_of(row))


def targets_of(row: ManifestRow) -> tuple[Tensor, Tensor]:
    """Give the targets, 0 or 1, and the mask, 0 where a label was not judged."""
    targets_L = torch.tensor([float(bool(value)) for value in row.targets])
    mask_L = torch.tensor([float(value is not None) for value in row.targets])
    return targets_L, mask_L


def make_minibatches(
    dataset: FramesetDataset,
    schedule: Schedule,
    start: int = 0,
    *,
    world: World = ALONE,
    pin_memory: bool = False,
) -> Generator[Minibatch, None, None]:
    """Yield this process's share of each step, from step `start` to the end, made ahead.

    In `num_workers` processes, or on a thread of this one where there are none. Leaving early stops them.
    """
    picked = schedule.minibatches(start, rank=world.rank, num_ranks=world.size)
    if dataset.config.num_workers == 0:
        yield from prefetched((collate([dataset[pick] for pick in picks]) for picks in picked), ahead=_AHEAD)
    else:
        yield from _from_workers(dataset, picked, pin_memory)


def collate(samples: Iterable[Sample | Unreadable]) -> Minibatch:
    """Stack what was read; the tensors of nothing at all have no rows."""
    read: list[Sample] = []
    unreadable: list[Unreadable] = []
    for sample in samples:
        read.append(sample) if isinstance(sample, Sample) else unreadable.append(sample)
    if not read:
        return Minibatch(torch.zeros(0), torch.zeros(0), torch.zeros(0), unreadable)
    frames_NCTHW, targets_NL, mask_NL = (torch.stack(part) for part in zip(*read, strict=True))
    return Minibatch(frames_NCTHW, targets_NL, mask_NL, unreadable)


def _from_workers(
    dataset: FramesetDataset, picked: Iterable[list[Pick]], pin_memory: bool
) -> Iterable[Minibatch]:
    return DataLoader(
        dataset,
        batch_sampler=picked,
        collate_fn=collate,
        num_workers=dataset.config.num_workers,
        multiprocessing_context=_fresh_processes(dataset.config),
        generator=torch.Generator(),  # its own: taking one from torch's would shift the run's randomness
        pin_memory=pin_memory,
    )


def _fresh_processes(config: TrainConfig) -> BaseContext:
    """Give a maker of workers that inherit neither threads nor database connections nor CUDA from here.

    They are forked from a process that has imported what they need, once for all of them.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED + (["torchvision.transforms.v2"] if config.resize else []))
    return context


def _random_frames(reader: VideoReader, rng: np.random.Generator) -> Tensor:
    """Read nine frames from a random one on, or all of a shorter video."""
    first = int(rng.integers(max(reader.num_frames - FRAMES, 0) + 1))
    return reader.frames_TCHW(range(first, min(first + FRAMES, reader.num_frames)))
