"""What the detector says about a video. `Label` is here too, where the published package has it."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cakelens.labels import Label

__all__ = ["Label", "Verdict"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one video: means of the framesets' probabilities, in label order.

    `standard_errors` says how far a sample of framesets may be from all of them; it is zero when all
    were judged. A sampled verdict estimates, it is not a faster way to the same number.
    """

    video_filepath: Path
    frame_count: int
    predictions: list[float]
    standard_errors: list[float] = field(default_factory=list)
    frameset_starts_seconds: list[float] = field(default_factory=list)
    frameset_scores_FL: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 17), np.float32))
    frameset_indices: list[int] = field(default_factory=list)
    num_framesets: int = 0
    mode: str = "all"


def standard_errors(scores_FL: NDArray[np.float32], num_framesets: int) -> list[float]:
    """Estimate the error of the mean over a sample of `num_framesets` framesets, per label.

    sd/sqrt(K) * sqrt(1 - K/n); a single frameset out of several says nothing, hence infinity is
    avoided by the widest error a probability can have, one half.
    Source: Cochran, Sampling Techniques, 1977, section 2.6 (finite population correction).
    """
    sampled, labels = scores_FL.shape
    if sampled >= num_framesets:
        return [0.0] * labels
    if sampled == 1:
        return [0.5] * labels
    deviation_L = scores_FL.astype(np.float64).std(axis=0, ddof=1)
    correction = (1 - sampled / num_framesets) ** 0.5
    return [float(value) for value in deviation_L / sampled**0.5 * correction]
