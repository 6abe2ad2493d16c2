import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from cakelens.config import ModelConfig
from cakelens.detect import Detector
from cakelens.model import Model
from training.batches.rows import ManifestRow
from training.dataset import Unreadable
from training.evaluate import VideoScore, ai_gen_auc, evaluate, score_videos, thresholds_of, video_loss

MakeRow = Callable[..., ManifestRow]
ClipRows = Callable[..., tuple[list[ManifestRow], Path]]


@pytest.fixture
def score(make_row: MakeRow) -> Callable[..., VideoScore]:
    """`score(1, 0.9, ai_gen=True, KLING=…)`: a video with that probability of everything."""
    return lambda number, probability, **labels: VideoScore(make_row(number, **labels), (probability,) * 17)


MakeScore = Callable[..., VideoScore]


@pytest.fixture
def scores(score: MakeScore) -> list[VideoScore]:
    return [
        score(0, 0.9, ai_gen=True, KLING=True),
        score(1, 0.6, ai_gen=True, KLING=None),
        score(2, 0.7, ai_gen=False, KLING=False),
        score(3, 0.1, ai_gen=False, KLING=False),
    ]


def test_each_label_is_measured_on_the_videos_where_it_was_judged(scores: list[VideoScore]) -> None:
    labels = evaluate(scores, {})["labels"]

    assert (labels["AI_GEN"]["auc"], labels["AI_GEN"]["unjudged"]) == (0.75, 0)
    assert (labels["KLING"]["auc"], labels["KLING"]["unjudged"]) == (1.0, 1)
    assert labels["VEO"]["reason"] == "not judged on any video"


def test_macro_is_the_mean_over_measured_labels(scores: list[VideoScore]) -> None:
    macro = evaluate(scores, {})["macro"]

    assert (macro["labels"], macro["auc"]) == (["AI_GEN", "KLING"], 0.875)


def test_evaluation_is_plain_json(scores: list[VideoScore]) -> None:
    report = evaluate(scores, thresholds_of(scores))

    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_nothing_to_measure_is_said_not_raised() -> None:
    report = evaluate([], thresholds_of([]))

    assert (report["num_videos"], report["macro"]["auc"]) == (0, None)
    assert {numbers["reason"] for numbers in report["labels"].values()} == {"not judged on any video"}


def test_threshold_chosen_elsewhere_is_applied(scores: list[VideoScore]) -> None:
    numbers = evaluate(scores, {"AI_GEN": 0.8})["labels"]["AI_GEN"]

    assert numbers["at_chosen"] == {"threshold": 0.8, "precision": 1.0, "recall": 0.5}


def test_groups_are_counted_once(score: MakeScore) -> None:
    copies = [score(number, 0.5, group="same") for number in range(3)]

    assert evaluate(copies, {})["num_groups"] == 1


def test_loss_of_videos_skips_what_was_not_judged(score: MakeScore) -> None:
    assert video_loss([score(1, 0.5, ai_gen=True), score(2, 0.5, ai_gen=False)]) == pytest.approx(
        0.6931, abs=1e-4
    )
    assert video_loss([]) is None


def test_auc_of_one_class_is_unknown(scores: list[VideoScore]) -> None:
    assert ai_gen_auc(scores) == 0.75
    assert ai_gen_auc(scores[:2]) is None
    assert ai_gen_auc([]) is None


@pytest.mark.slow
def test_scores_are_the_detectors_on_the_largest_encoding(clip_rows: ClipRows) -> None:
    rows, media_dir = clip_rows("test", num_frames=30)
    torch.manual_seed(0)
    small = ModelConfig(window=48, initial_channels=4, num_blocks=1, channels_step=2, hidden=(8, 8, 8))
    detector = Detector(Model(small), device="cpu")

    (score,) = score_videos(detector, rows, media_dir, framesets=2)

    assert isinstance(score, VideoScore)
    verdict = detector.detect(media_dir / rows[0].best_variant.name, framesets=2)
    assert score.probabilities == tuple(verdict.predictions)


def test_unreadable_video_is_named(tmp_path: Path, make_row: MakeRow, small_tiny: ModelConfig) -> None:
    detector = Detector(Model(small_tiny), device="cpu")

    (score,) = score_videos(detector, [make_row(1, variant={"name": "gone.mp4"})], tmp_path, framesets=1)

    assert score == Unreadable("0001/0", f"{tmp_path}/gone.mp4: no such file")
