"""How well scores tell videos with a label from those without.

Scikit-learn gives the numbers; their intervals come from resampling whole groups, because videos of one
group are the same footage. Shapes: V videos, R resamples, G groups.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NUM_RESAMPLES = 1000
INTERVAL = (0.025, 0.975)
FALSE_ALARM_RATES = (0.01, 0.001)
NUM_BINS = 10


def label_metrics(
    scores_V: Floats, targets_V: Bools, groups: Sequence[str], *, threshold: float | None, num_unjudged: int
) -> dict[str, Any]:
    """Give what is known of one label; every number is None, and `reason` says why, where one class is all.

    `threshold` is the one chosen elsewhere, never on these videos.
    """
    counts = {
        "positives": int(targets_V.sum()),
        "negatives": int((~targets_V).sum()),
        "unjudged": num_unjudged,
    }
    reason = one_class_reason(targets_V)
    if reason is not None:
        names = ("auc", "auc_interval", "ap", "ap_interval", "at_half", "at_chosen", "tpr_at_fpr")
        return counts | dict.fromkeys((*names, "calibration_error")) | {"reason": reason}
    from sklearn.metrics import average_precision_score, roc_auc_score

    auc_interval, ap_interval = intervals(scores_V, targets_V, groups)
    return counts | {
        "auc": float(roc_auc_score(targets_V, scores_V)),
        "auc_interval": auc_interval,
        "ap": float(average_precision_score(targets_V, scores_V)),
        "ap_interval": ap_interval,
        "at_half": at_threshold(scores_V, targets_V, 0.5),
        "at_chosen": None if threshold is None else at_threshold(scores_V, targets_V, threshold),
        "tpr_at_fpr": {str(rate): tpr_at_fpr(scores_V, targets_V, rate) for rate in FALSE_ALARM_RATES},
        "calibration_error": calibration_error(scores_V, targets_V),
        "reason": None,
    }


def one_class_reason(targets_V: Bools) -> str | None:
    """Say why nothing can be measured, or None where both classes are there."""
    if not len(targets_V):
        return "not judged on any video"
    if targets_V.all():
        return "no video without it"
    return None if targets_V.any() else "no video with it"


def at_threshold(scores_V: Floats, targets_V: Bools, threshold: float) -> dict[str, float | None]:
    """Give precision and recall of "score ≥ threshold"; precision is None where nothing reaches it."""
    from sklearn.metrics import precision_score, recall_score

    flagged_V = scores_V >= threshold
    precision = float(precision_score(targets_V, flagged_V, zero_division=np.nan))
    recall = float(recall_score(targets_V, flagged_V))
    return {
        "threshold": threshold,
        "precision": None if math.isnan(precision) else precision,
        "recall": recall,
    }


def tpr_at_fpr(scores_V: Floats, targets_V: Bools, rate: float) -> float | None:
    """Give the largest share of positives found with at most `rate` of the negatives flagged.

    None with fewer than 1 / `rate` negatives: so low a rate cannot be seen on them.
    """
    if (~targets_V).sum() * rate < 1:
        return None
    from sklearn.metrics import roc_curve

    fall_out, recall, _ = roc_curve(targets_V, scores_V)
    return float(recall[fall_out <= rate].max())


def calibration_error(scores_V: Floats, targets_V: Bools) -> float:
    """Give the mean distance between what was said and what was so, over `NUM_BINS` bins of probability.

    Source: the expected calibration error of Naeini et al., 2015.
    """
    return float(sum(share * abs(said - was) for share, said, was in reliability(scores_V, targets_V)))


def reliability(scores_V: Floats, targets_V: Bools) -> list[tuple[float, float, float]]:
    """Give for each bin that holds videos: its share of them, their mean score, their share of positives."""
    bin_V = np.minimum((scores_V * NUM_BINS).astype(int), NUM_BINS - 1)
    held = [bin_V == number for number in range(NUM_BINS) if (bin_V == number).any()]
    return [
        (float(one_V.mean()), float(scores_V[one_V].mean()), float(targets_V[one_V].mean())) for one_V in held
    ]


def choose_threshold(scores_V: Floats, targets_V: Bools) -> float | None:
    """Give the score at which F1 is best, None where one class is all.

    Halfway to the next lower score: a threshold on the very score of one video holds for no other.
    """
    if one_class_reason(targets_V) is not None:
        return None
    candidates = np.unique(scores_V)
    f1 = [_f1(scores_V >= candidate, targets_V) for candidate in candidates]
    best = int(np.argmax(f1))
    below = candidates[best - 1] if best else 0.0
    return float((candidates[best] + below) / 2)


def intervals(
    scores_V: Floats, targets_V: Bools, groups: Sequence[str]
) -> tuple[list[float] | None, list[float] | None]:
    """Give the 95% intervals of AUC and AP over resampled groups.

    None for a single group, and where a resample in two lacks one class.
    """
    if len(set(groups)) < 2:
        return None, None
    weights_RV = resampled(groups)
    auc_R, ap_R = weighted_auc_and_ap(scores_V, targets_V, weights_RV)
    return _interval(auc_R), _interval(ap_R)


def weighted_auc_and_ap(scores_V: Floats, targets_V: Bools, weights_RV: Floats) -> tuple[Floats, Floats]:
    """Give AUC and AP for each row of weights; NaN where a row has one class only.

    Scikit-learn computes one at a time; a thousand resamples of five thousand videos would take minutes.
    """
    order_V = np.argsort(-scores_V, kind="stable")
    is_last_V = np.diff(scores_V[order_V], append=-np.inf) != 0  # of a run of equal scores
    positive_RV = weights_RV[:, order_V] * targets_V[order_V]
    negative_RV = weights_RV[:, order_V] * ~targets_V[order_V]
    hits_RT = np.cumsum(positive_RV, axis=1)[:, is_last_V]
    alarms_RT = np.cumsum(negative_RV, axis=1)[:, is_last_V]
    with np.errstate(invalid="ignore", divide="ignore"):
        recall_RT = hits_RT / hits_RT[:, -1:]
        fall_out_RT = alarms_RT / alarms_RT[:, -1:]
        precision_RT = hits_RT / np.maximum(hits_RT + alarms_RT, 1e-12)
        gained_RT = np.diff(recall_RT, axis=1, prepend=0)
        middle_RT = recall_RT - gained_RT / 2
        auc_R = (np.diff(fall_out_RT, axis=1, prepend=0) * middle_RT).sum(axis=1)
        ap_R = (gained_RT * precision_RT).sum(axis=1)
    ap_R[~np.isfinite(auc_R)] = np.nan
    return auc_R, ap_R


def resampled(groups: Sequence[str]) -> Floats:
    """Count how often each video is drawn when whole groups are, with replacement; always the same draws."""
    names, group_V = np.unique(np.asarray(groups), return_inverse=True)
    rng = np.random.default_rng(0)
    counts_RG = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=NUM_RESAMPLES)
    return counts_RG[:, group_V].astype(np.float64)


def _interval(values_R: Floats) -> list[float] | None:
    finite = values_R[np.isfinite(values_R)]
    if len(finite) <= len(values_R) / 2:
        return None
    return [float(value) for value in np.quantile(finite, INTERVAL)]


def _f1(flagged_V: Bools, targets_V: Bools) -> float:
    hits = int((flagged_V & targets_V).sum())
    return 2 * hits / max(int(flagged_V.sum() + targets_V.sum()), 1)
