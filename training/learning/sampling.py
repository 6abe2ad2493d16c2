"""Which videos a step takes: a pure function of seed and step, so that a run continues where it stopped."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import NamedTuple

import numpy as np

from cakelens.labels import GENERATORS, Label
from training.batches.rows import ManifestRow
from training.config import Balance, TrainConfig


class Pick(NamedTuple):
    """One sample to make: which epoch, its place in the epoch, and which row of the split."""

    epoch: int
    place: int
    row: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """The minibatches of a whole run, from any step on; of each step every process takes its share."""

    strata: tuple[str, ...]
    videos_per_step: int
    num_steps: int
    seed: int

    @classmethod
    def of(cls, rows: Sequence[ManifestRow], config: TrainConfig, num_ranks: int = 1) -> "Schedule":
        strata = tuple(_stratum(row, config.balance) for row in rows)
        return cls(
            strata, config.videos_per_step(num_ranks), config.num_steps(len(rows), num_ranks), config.seed
        )

    @property
    def steps_per_epoch(self) -> int:
        return -(-len(self.strata) // self.videos_per_step)

    def minibatches(self, start: int = 0, *, rank: int = 0, num_ranks: int = 1) -> Iterator[list[Pick]]:
        """Yield what process `rank` takes of step `start`, `start` + 1, … to the last; perhaps nothing."""
        for step in range(start, self.num_steps):
            epoch, place = divmod(step, self.steps_per_epoch)
            order = self.order(epoch)
            begin = place * self.videos_per_step
            rows = order[begin : begin + self.videos_per_step]
            picks = [Pick(epoch, begin + offset, row) for offset, row in enumerate(rows)]
            yield picks[rank::num_ranks]

    def order(self, epoch: int) -> list[int]:
        """Shuffle the videos for `epoch`; with several strata each gets an equal share of the places.

        A small stratum then comes more than once, and of a large one each epoch takes another part.
        """
        rng = np.random.default_rng([self.seed, epoch])
        turns = [cycle(rng.permutation(members).tolist()) for members in self._members()]
        dealt = [next(turns[place % len(turns)]) for place in range(len(self.strata))]
        return [dealt[place] for place in rng.permutation(len(dealt))]

    def _members(self) -> list[list[int]]:
        names = sorted(set(self.strata))
        return [[index for index, own in enumerate(self.strata) if own == name] for name in names]


def _stratum(row: ManifestRow, balance: Balance) -> str:
    if balance == "none":
        return ""
    if balance == "label" or not row.labels[Label.AI_GEN]:
        return str(row.labels[Label.AI_GEN])
    return next((label.value for label in GENERATORS if row.labels.get(label)), "unknown generator")
