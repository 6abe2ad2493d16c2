"""How well models score over the size of the batch they learned from: one mark a model."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.formats import number_format

from inference import scores
from inference.models import ModelVersion
from training.pages.growth import Version

WIDTH, HEIGHT = 640.0, 160.0
LEFT, RIGHT, TOP, BOTTOM = 36.0, 12.0, 8.0, 24.0


@dataclass(frozen=True, slots=True)
class Mark:
    """One model: where it stands, and how sure its score is."""

    model: ModelVersion
    size: int
    auc: scores.Interval
    x: float
    y: float
    interval: str


@dataclass(frozen=True, slots=True)
class ScoresChart:
    marks: list[Mark]
    levels: list[tuple[float, str]]
    """Heights of the grid's lines, with their words."""
    sizes: list[tuple[float, int]]
    width: float = WIDTH
    height: float = HEIGHT


def scores_chart(versions: Iterable[Version]) -> ScoresChart | None:
    """Return the chart, or nothing where no model was measured."""
    known = [
        (version.videos.total, model, auc)
        for version in versions
        for model, auc in version.models_with_auc()
        if auc is not None
    ]
    if not known:
        return None
    most = max(size for size, _, _ in known)
    floor = min(0.5, *(auc.value for _, _, auc in known))
    marks = [_mark(model, size, auc, most, floor) for size, model, auc in known]
    levels = [(_y(level, floor), number_format(f"{level:.1f}")) for level in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)]
    return ScoresChart(marks, levels, sorted({(mark.x, mark.size) for mark in marks}))


def _mark(model: ModelVersion, size: int, auc: scores.Interval, most: int, floor: float) -> Mark:
    x, y = _x(size, most), _y(auc.value, floor)
    ends = [_y(end, floor) for end in (auc.low, auc.high) if end is not None]
    interval = f"M{x:.1f} {ends[0]:.1f}V{ends[1]:.1f}" if len(ends) == 2 else ""
    return Mark(model, size, auc, x, y, interval)


def _x(size: int, most: int) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * size / most, 1)


def _y(auc: float, floor: float) -> float:
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - auc) / (1 - floor), 1)
