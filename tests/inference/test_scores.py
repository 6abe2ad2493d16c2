"""Reading what an evaluation wrote."""

import pytest

from inference.scores import Interval, Point, Scores, read

KLING = {
    "positives": 30,
    "negatives": 70,
    "auc": 0.91,
    "auc_interval": [0.85, 0.96],
    "ap": 0.8,
    "ap_interval": None,
    "at_half": {"threshold": 0.5, "precision": None, "recall": 0.0},
    "at_chosen": None,
    "reason": None,
}


def test_label_is_read_with_its_interval_and_its_points() -> None:
    scores = read({"evaluation": {"test": {"num_videos": 100, "labels": {"KLING": KLING}}}})

    [kling] = scores.labels
    assert (kling.name, kling.positives, kling.negatives) == ("KLING", 30, 70)
    assert kling.auc == Interval(0.91, 0.85, 0.96)
    assert kling.ap == Interval(0.8)
    assert (kling.at_half, kling.at_chosen) == (Point(0.5, None, 0.0), Point())
    assert scores.num_videos == 100


def test_label_that_cannot_be_measured_keeps_its_reason() -> None:
    unmeasured = {"positives": 0, "negatives": 9, "auc": None, "reason": "no video with it"}

    [vidu] = read({"test": {"labels": {"VIDU": unmeasured}}}).labels

    assert (vidu.auc, vidu.reason) == (None, "no video with it")


def test_headline_alone_is_read_too() -> None:
    scores = read({"auc": 0.8, "auc_interval": [0.7, 0.9], "baseline_auc": 0.5, "batch": "v5.0"})

    assert (scores.auc, scores.baseline_auc, scores.batch) == (Interval(0.8, 0.7, 0.9), Interval(0.5), "v5.0")


@pytest.mark.parametrize("metrics", [{}, {"auc": None}, {"test": None}, {"auc": "high", "labels": [1]}])
def test_missing_and_strange_metrics_are_no_scores(metrics: dict[str, object]) -> None:
    assert read(metrics) == Scores()


@pytest.mark.parametrize(("low", "beats"), [(0.71, True), (0.69, False)])
def test_model_beats_the_baseline_by_its_lower_bound(low: float, beats: bool) -> None:
    scores = Scores(auc=Interval(0.8, low, 0.9), baseline_auc=Interval(0.7, 0.6, 0.8))

    assert scores.beats_baseline is beats


def test_interval_is_drawn_between_one_half_and_one() -> None:
    interval = Interval(0.75, 0.4, 1.0)

    assert (interval.x_low, interval.x, interval.x_high) == ("0.0", "50.0", "100.0")
