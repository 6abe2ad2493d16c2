"""Two models on the same frozen test set: is one better, or was it luck?

Shapes: V videos, R resamples.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from training.evaluating.metrics import INTERVAL, Floats, one_class_reason, resampled, weighted_auc_and_ap


class Judged(NamedTuple):
    """One test video: AI_GEN's probability, whether it is so, and the video's group."""

    probability: float
    is_ai_gen: bool
    group: str


def paired(
    ours: Mapping[str, Sequence[Any]],
    theirs: Mapping[str, Sequence[Any]],
    thresholds: tuple[float, float],
) -> dict[str, Any] | None:
    """Compare two models on the videos that both judged; None where one class is all. Plain JSON.

    `auc_difference` is ours less theirs, with a 95% interval over the same resampled groups for both.
    `mcnemar_p` says how likely so unequal a number of errors of one alone would be between equals.
    """
    videos = sorted(ours.keys() & theirs.keys())
    one, other = ([Judged(*found[video]) for video in videos] for found in (ours, theirs))
    targets_V = np.array([judged.is_ai_gen for judged in one], dtype=np.bool_)
    if one_class_reason(targets_V) is not None:
        return None
    scores = [np.array([judged.probability for judged in found]) for found in (one, other)]
    auc, interval = _auc_difference(scores, targets_V, [judged.group for judged in one])
    right = [
        (scores_V >= threshold) == targets_V for scores_V, threshold in zip(scores, thresholds, strict=True)
    ]
    only_ours, only_theirs = (int((right[a] & ~right[b]).sum()) for a, b in ((0, 1), (1, 0)))
    return {
        "num_videos": len(videos),
        "auc_difference": auc,
        "auc_difference_interval": interval,
        "only_ours_right": only_ours,
        "only_theirs_right": only_theirs,
        "mcnemar_p": mcnemar_p(only_ours, only_theirs),
    }


def without_scores(found: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of a measurement what is told of single videos: it is kept apart."""
    test = {name: value for name, value in found["test"].items() if name != "scores"}
    return {**found, "test": test}


def mirrored(found: Mapping[str, Any]) -> dict[str, Any]:
    """Give the same comparison as the other model sees it."""
    interval = found["auc_difference_interval"]
    return {
        **found,
        "auc_difference": -found["auc_difference"],
        "auc_difference_interval": None if interval is None else [-interval[1], -interval[0]],
        "only_ours_right": found["only_theirs_right"],
        "only_theirs_right": found["only_ours_right"],
    }


def mcnemar_p(only_ours: int, only_theirs: int) -> float:
    """Give the two-sided p of McNemar's exact test: of a fair coin thrown for each video they differ on."""
    from scipy.stats import binomtest

    differing = only_ours + only_theirs
    return float(binomtest(only_ours, differing).pvalue) if differing else 1.0


def _auc_difference(
    scores: Sequence[Floats], targets_V: Any, groups: Sequence[str]
) -> tuple[float, list[float] | None]:
    whole_1V = np.ones((1, len(targets_V)))
    ours, theirs = (float(weighted_auc_and_ap(each, targets_V, whole_1V)[0][0]) for each in scores)
    if len(set(groups)) < 2:
        return ours - theirs, None
    weights_RV = resampled(groups)
    ours_R, theirs_R = (weighted_auc_and_ap(each, targets_V, weights_RV)[0] for each in scores)
    difference_R = (ours_R - theirs_R)[np.isfinite(ours_R)]
    if not len(difference_R):
        return ours - theirs, None
    return ours - theirs, [float(value) for value in np.quantile(difference_R, INTERVAL)]
