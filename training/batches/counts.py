"""What a batch holds, by split and label, read from its own columns: nothing is counted again."""

from dataclasses import dataclass
from typing import Self

from cakelens.labels import GENERATORS, STYLES, Label
from labeling.controls import NOT_AI
from training.models import TrainingBatch

SERIES: tuple[str, ...] = (Label.AI_GEN, NOT_AI, *STYLES, *GENERATORS)
"""What is counted in a batch beside its videos, in the order of pages and files."""

MIN_TEST_POSITIVES = 20
"""With fewer positives in test, a label's scores say little: each one is worth five points of recall."""

POSITIVE, NEGATIVE, NOT_JUDGED = range(3)


@dataclass(frozen=True, slots=True)
class Count:
    """Numbers of videos."""

    train: int = 0
    validation: int = 0
    test: int = 0

    @property
    def total(self) -> int:
        return self.train + self.validation + self.test

    @classmethod
    def of_videos(cls, batch: TrainingBatch) -> Self:
        return cls(batch.num_train, batch.num_validation, batch.num_test)

    @classmethod
    def of_judged(cls, batch: TrainingBatch, label: str, judged: int) -> Self:
        """Count the videos that were judged so (POSITIVE, NEGATIVE or NOT_JUDGED)."""
        splits = batch.label_counts.get(label, {})
        return cls(**{split: numbers[judged] for split, numbers in splits.items()})

    @classmethod
    def of_series(cls, batch: TrainingBatch, name: str) -> Self:
        """Count the videos of one of SERIES."""
        if name == NOT_AI:
            return cls.of_judged(batch, Label.AI_GEN, NEGATIVE)
        return cls.of_judged(batch, name, POSITIVE)


def thin_labels(batch: TrainingBatch) -> list[tuple[str, int]]:
    """Return the labels with some, but too few positives in test, with their number."""
    counts = [(name, Count.of_series(batch, name)) for name in SERIES]
    return [(name, count.test) for name, count in counts if count.total and count.test < MIN_TEST_POSITIVES]
