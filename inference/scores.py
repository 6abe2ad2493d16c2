"""A model's metrics as its evaluation wrote them, read for pages: what is missing is simply not shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cakelens.labels import V5_LABELS, Label

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Interval:
    """A score between its bounds, where they are known. Drawn on an axis of 100 units from 0.5 to 1."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def x(self) -> str:
        return _x(self.value)

    @property
    def x_low(self) -> str:
        return _x(self.value if self.low is None else self.low)

    @property
    def x_high(self) -> str:
        return _x(self.value if self.high is None else self.high)


def _x(score: float) -> str:
    return f"{min(max(200 * (score - 0.5), 0), 100):.1f}"


@dataclass(frozen=True, slots=True)
class Point:
    """Precision and recall of "score ≥ threshold"."""

    threshold: float | None = None
    precision: float | None = None
    recall: float | None = None


@dataclass(frozen=True, slots=True)
class LabelScores:
    """How well one label is told on the test split; `reason` says why nobody knows."""

    name: str
    positives: int | None = None
    negatives: int | None = None
    auc: Interval | None = None
    ap: Interval | None = None
    at_half: Point = Point()
    at_chosen: Point = Point()
    reason: str = ""
    baseline_auc: Interval | None = None
    calibration_error: float | None = None


@dataclass(frozen=True, slots=True)
class Scores:
    """What a model reached on the test split, beside what facts about the files alone reach there."""

    auc: Interval | None = None
    ap: Interval | None = None
    baseline_auc: Interval | None = None
    baseline_reason: str = ""
    labels: tuple[LabelScores, ...] = ()
    num_videos: int | None = None
    batch: str = ""

    @property
    def beats_baseline(self) -> bool | None:
        """Tell whether the interval lies above the baseline; None if either is unknown."""
        if self.auc is None or self.baseline_auc is None:
            return None
        low = self.auc.value if self.auc.low is None else self.auc.low
        return low > self.baseline_auc.value


def read(metrics: Json) -> Scores:
    """Read `ModelVersion.metrics`: the whole evaluation where it was kept, else the headline alone."""
    whole = as_dict(metrics.get("evaluation", metrics))
    test, baseline = as_dict(whole.get("test")), as_dict(whole.get("baseline"))
    found = as_dict(test.get("labels"))
    labels = tuple(_label_scores(label, as_dict(found[label])) for label in V5_LABELS if label in found)
    return Scores(
        interval(metrics, "auc") or interval(as_dict(found.get(Label.AI_GEN)), "auc"),
        interval(metrics, "ap") or interval(as_dict(found.get(Label.AI_GEN)), "ap"),
        interval(metrics, "baseline_auc") or interval(baseline, "auc"),
        as_text(baseline, "reason"),
        labels,
        as_count(test, "num_videos"),
        as_text(metrics, "batch"),
    )


def _label_scores(name: str, scores: Json) -> LabelScores:
    return LabelScores(
        name,
        as_count(scores, "positives"),
        as_count(scores, "negatives"),
        interval(scores, "auc"),
        interval(scores, "ap"),
        _point(as_dict(scores.get("at_half"))),
        _point(as_dict(scores.get("at_chosen"))),
        as_text(scores, "reason"),
        interval(scores, "baseline_auc"),
        as_number(scores.get("calibration_error")),
    )


def interval(scores: Json, name: str) -> Interval | None:
    """Read a score with the bounds beside it: `{name: 0.9, name_interval: [0.8, 0.95]}`."""
    value = as_number(scores.get(name))
    return None if value is None else Interval(value, *_bounds(scores.get(f"{name}_interval")))


def _bounds(found: object) -> tuple[float | None, float | None]:
    if isinstance(found, list | tuple) and len(found) == 2:
        return as_number(found[0]), as_number(found[1])
    return None, None


def _point(found: Json) -> Point:
    return Point(*(as_number(found.get(name)) for name in ("threshold", "precision", "recall")))


def as_number(found: object) -> float | None:
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def as_count(scores: Json, name: str) -> int | None:
    number = as_number(scores.get(name))
    return None if number is None else int(number)


def as_text(found: Json, name: str) -> str:
    return str(found.get(name) or "")


def as_dict(found: object) -> Json:
    return found if isinstance(found, Mapping) else {}
