"""The score timeline: what the model said of each frameset it saw, as bars over the clip."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cakelens.labels import Label

FRAMES_PER_FRAMESET = 9
THINNEST = 0.004  # of the whole: a bar that cannot be seen says nothing


@dataclass(frozen=True, slots=True)
class Bar:
    """One frameset: where it starts, how long it is, how likely AI_GEN is there."""

    start_seconds: float
    length_seconds: float
    score: float
    is_peak: bool

    @property
    def top(self) -> float:
        return 1 - self.score


@dataclass(frozen=True, slots=True)
class Timeline:
    duration_seconds: float
    bars: list[Bar]

    @property
    def peak(self) -> Bar:
        return next(bar for bar in self.bars if bar.is_peak)


def timeline_of(prediction: Any, variants: Sequence[Any]) -> Timeline | None:
    """Return the bars of a prediction on one of `variants`; None if its scores were pruned."""
    variant = next((variant for variant in variants if variant.pk == prediction.variant_id), None)
    scores = getattr(prediction, "scores", None)
    if variant is None or scores is None or not variant.duration_seconds:
        return None
    values = ai_gen_scores(bytes(scores.scores_float16), prediction.model.label_order)
    starts = struct.unpack(f"<{len(values)}f", bytes(scores.starts_float32))
    duration = max(variant.duration_seconds, max(starts, default=0))
    length = max(FRAMES_PER_FRAMESET / (variant.fps or 25), THINNEST * duration)
    peak = max(range(len(values)), key=values.__getitem__, default=None)
    bars = [
        Bar(round(start, 3), round(length, 3), round(value, 3), index == peak)
        for index, (start, value) in enumerate(zip(starts, values, strict=True))
    ]
    return Timeline(round(duration, 3), bars) if bars else None


def ai_gen_scores(packed: bytes, label_order: Sequence[str]) -> list[float]:
    """Return AI_GEN's column of the packed float16 scores (framesets × labels)."""
    values = struct.unpack(f"<{len(packed) // 2}e", packed)
    return list(values[label_order.index(Label.AI_GEN) :: len(label_order)])
