"""Small stacked bars as SVG paths: one path a split, however many bars."""

from collections.abc import Sequence
from dataclasses import dataclass

from training.batches.counts import Count

WIDTH = 160.0
HEIGHT = 44.0
WIDEST = 14.0
GAP = 0.25
"""Share of a bar's room that stays free beside it."""

LEAST_ROOM = 8
"""Bars are as wide as if there were this many: the first two versions do not look like a finished story."""


@dataclass(frozen=True, slots=True)
class Bars:
    """The `d` of a path for each split, train at the bottom."""

    train: str
    validation: str
    test: str


def stacked(counts: Sequence[Count], top: int) -> Bars:
    """Draw one bar for each count, oldest at the left; a bar of `top` videos fills the height."""
    room = WIDTH / max(len(counts), LEAST_ROOM)
    width = min(room * (1 - GAP), WIDEST)
    scale = HEIGHT / max(top, 1)
    parts: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    for index, count in enumerate(counts):
        x, y = index * room, HEIGHT
        for split, path in parts.items():
            height = getattr(count, split) * scale
            if height:
                path.append(f"M{x:.1f} {y:.1f}v{-height:.1f}h{width:.1f}v{height:.1f}z")
            y -= height
    return Bars(**{split: "".join(path) for split, path in parts.items()})


def lying(count: Count, top: int, *, length: float = 200.0, thickness: float = 10.0) -> Bars:
    """Draw one bar from left to right; one of `top` videos fills the length."""
    x, paths = 0.0, {}
    for split in ("train", "validation", "test"):
        width = getattr(count, split) * length / max(top, 1)
        paths[split] = f"M{x:.1f} 0h{width:.1f}v{thickness:.0f}h{-width:.1f}z" if width else ""
        x += width
    return Bars(**paths)
