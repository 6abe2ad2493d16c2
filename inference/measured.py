"""What a model reached on each batch's test split, read for its page from what `manage.py evaluate` kept."""

from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format

from inference.scores import Interval, Json, as_count, as_dict, as_number, as_text, interval


@dataclass(frozen=True, slots=True)
class Part:
    """AI_GEN on one part of the test split, beside metadata alone; `reason` says why there is no number."""

    kind: str
    name: str
    positives: int | None
    negatives: int | None
    auc: Interval | None
    baseline: Interval | None
    recall: float | None
    false_alarms: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Rung:
    """AI_GEN on the same videos after one more encoding at x264's `quality`."""

    quality: int | None
    auc: Interval | None


@dataclass(frozen=True, slots=True)
class Pair:
    """This model less another on the videos both judged."""

    other: str
    num_videos: int | None
    ours: float | None
    theirs: float | None
    difference: float | None
    low: float | None
    high: float | None
    only_ours: int | None
    only_theirs: int | None
    p: float | None

    @property
    def chance(self) -> str:
        """Say how likely so unequal errors would be between equals."""
        if self.p is None:
            return "–"
        p = number_format(f"{max(self.p, 0.001):.3f}")
        return f"< {p}" if self.p < 0.001 else p

    @property
    def verdict(self) -> str:
        """Say which is better, where the interval lies on one side of zero."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return "no difference shown"
        return "this one is better" if self.low > 0 else f"{self.other} is better"


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement on one batch's frozen test split."""

    batch: str
    num_videos: int | None
    framesets: int | None
    parts: tuple[Part, ...]
    rungs: tuple[Rung, ...]
    pairs: tuple[Pair, ...]


def read_all(metrics: Json) -> tuple[Measured, ...]:
    """Read every measurement, the newest batch first."""
    found = as_dict(metrics.get("evaluations"))
    return tuple(_measured(batch, as_dict(found[batch])) for batch in reversed(list(found)))


def _measured(batch: str, found: Json) -> Measured:
    test = as_dict(found.get("test"))
    auc = as_number(as_dict(as_dict(test.get("labels")).get("AI_GEN")).get("auc"))
    return Measured(
        batch,
        as_count(test, "num_videos"),
        as_count(found, "framesets"),
        tuple(_part(part) for part in _list(test.get("slices"))),
        tuple(Rung(as_count(rung, "quality"), interval(rung, "auc")) for rung in _list(found.get("ladder"))),
        tuple(_pair(name, as_dict(pair), auc) for name, pair in as_dict(found.get("paired")).items()),
    )


def _part(found: Json) -> Part:
    return Part(
        as_text(found, "kind"),
        as_text(found, "name"),
        as_count(found, "positives"),
        as_count(found, "negatives"),
        interval(found, "auc"),
        interval(found, "baseline_auc"),
        as_number(found.get("recall")),
        as_number(found.get("false_alarms")),
        as_text(found, "reason"),
    )


def _pair(other: str, found: Json, ours: float | None) -> Pair:
    difference = interval(found, "auc_difference")
    value = None if difference is None else difference.value
    return Pair(
        other,
        as_count(found, "num_videos"),
        ours,
        None if ours is None or value is None else ours - value,
        value,
        None if difference is None else difference.low,
        None if difference is None else difference.high,
        as_count(found, "only_ours_right"),
        as_count(found, "only_theirs_right"),
        as_number(found.get("mcnemar_p")),
    )


def _list(found: Any) -> list[Json]:
    return [as_dict(one) for one in found] if isinstance(found, list | tuple) else []
