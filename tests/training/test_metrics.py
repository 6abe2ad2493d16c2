import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from training.evaluating.metrics import (
    at_threshold,
    calibration_error,
    choose_threshold,
    intervals,
    label_metrics,
    one_class_reason,
    tpr_at_fpr,
    weighted_auc_and_ap,
)

SCORES = np.array([0.9, 0.8, 0.7, 0.3, 0.2, 0.1])
TARGETS = np.array([True, True, False, True, False, False])
GROUPS = list("abcdef")


def test_metrics_of_a_label() -> None:
    numbers = label_metrics(SCORES, TARGETS, GROUPS, threshold=0.25, num_unjudged=4)

    assert (numbers["positives"], numbers["negatives"], numbers["unjudged"]) == (3, 3, 4)
    assert numbers["auc"] == pytest.approx(8 / 9)
    assert numbers["ap"] == pytest.approx((1 + 1 + 3 / 4) / 3)
    assert numbers["at_half"] == pytest.approx({"threshold": 0.5, "precision": 2 / 3, "recall": 2 / 3})
    assert numbers["at_chosen"] == pytest.approx({"threshold": 0.25, "precision": 3 / 4, "recall": 1.0})


@pytest.mark.parametrize(
    ("targets", "reason"),
    [([], "not judged on any video"), ([True, True], "no video without it"), ([False], "no video with it")],
)
def test_one_class_has_a_reason_instead_of_numbers(targets: list[bool], reason: str) -> None:
    targets_V = np.array(targets, dtype=bool)

    numbers = label_metrics(
        np.zeros(len(targets)), targets_V, GROUPS[: len(targets)], threshold=None, num_unjudged=0
    )

    assert numbers["reason"] == reason
    assert numbers["auc"] is numbers["ap"] is numbers["at_half"] is numbers["auc_interval"] is None


def test_share_found_at_few_false_alarms() -> None:
    scores_V = np.concatenate([np.linspace(0, 0.9, 200), [0.95, 0.893, 0.5, 0.1]])
    targets_V = np.arange(204) >= 200

    assert tpr_at_fpr(scores_V, targets_V, 0.01) == 0.5  # two negatives lie above 0.893, and two of 200 may


def test_few_false_alarms_cannot_be_seen_on_few_videos() -> None:
    assert tpr_at_fpr(SCORES, TARGETS, 0.01) is None


def test_calibration_error_is_the_mean_gap() -> None:
    scores_V = np.array([0.95, 0.95, 0.95, 0.95, 0.05, 0.05, 0.05, 0.05])
    targets_V = np.array([True, True, True, False, False, False, False, False])

    assert calibration_error(scores_V, targets_V) == pytest.approx((0.2 + 0.05) / 2)


def test_both_classes_have_no_reason() -> None:
    assert one_class_reason(TARGETS) is None


def test_precision_of_nothing_flagged_is_unknown() -> None:
    assert at_threshold(SCORES, TARGETS, 0.95) == {"threshold": 0.95, "precision": None, "recall": 0.0}


def test_weighted_scores_are_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    scores_V = rng.integers(0, 6, 40) / 5  # many ties
    targets_V = rng.random(40) < 0.4
    weights_RV = rng.integers(0, 4, (5, 40)).astype(float)

    auc_R, ap_R = weighted_auc_and_ap(scores_V, targets_V, weights_RV)

    for auc, ap, weights_V in zip(auc_R, ap_R, weights_RV, strict=True):
        assert auc == pytest.approx(roc_auc_score(targets_V, scores_V, sample_weight=weights_V))
        assert ap == pytest.approx(average_precision_score(targets_V, scores_V, sample_weight=weights_V))


def test_resample_without_one_class_has_no_score() -> None:
    auc_R, ap_R = weighted_auc_and_ap(SCORES, TARGETS, np.array([[1.0, 0, 0, 1, 0, 0]]))

    assert np.isnan(auc_R).all()
    assert np.isnan(ap_R).all()


def test_interval_holds_the_score_and_is_reproducible() -> None:
    low, high = intervals(SCORES, TARGETS, GROUPS)[0] or (1.0, 0.0)

    assert low < 8 / 9 <= high
    assert intervals(SCORES, TARGETS, GROUPS) == intervals(SCORES, TARGETS, GROUPS)


def test_copies_of_the_same_footage_make_no_interval_narrower() -> None:
    single = intervals(SCORES, TARGETS, GROUPS)
    copied = intervals(SCORES.repeat(9), TARGETS.repeat(9), [group for group in GROUPS for _ in range(9)])

    assert copied[0] == pytest.approx(single[0])
    assert copied[1] == pytest.approx(single[1])


def test_single_group_has_no_interval() -> None:
    assert intervals(SCORES, TARGETS, ["a"] * 6) == (None, None)


def test_threshold_stands_halfway_below_the_best_score() -> None:
    assert choose_threshold(SCORES, TARGETS) == pytest.approx(0.25)


def test_threshold_of_one_class_is_unknown() -> None:
    assert choose_threshold(SCORES, np.ones(6, dtype=bool)) is None
