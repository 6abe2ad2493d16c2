import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from cakelens.data_types import standard_errors
from cakelens.decoding import UnreadableVideo
from cakelens.detect import Detector, DeviceMissing
from cakelens.model import Model

MakeClip = Callable[..., Path]


def test_verdict_is_the_mean_over_all_framesets(small_model: Model, make_clip: MakeClip) -> None:
    path = make_clip("64x64", 30)

    verdict = Detector(small_model, device="cpu").detect(path)

    assert verdict.video_filepath == path
    assert verdict.frame_count == 30
    assert verdict.num_framesets == 4
    assert verdict.mode == "all"
    assert verdict.frameset_scores_FL.shape == (4, 17)
    assert verdict.frameset_starts_seconds == pytest.approx([0, 9 / 24, 18 / 24, 27 / 24], abs=1e-3)
    assert verdict.predictions == pytest.approx(verdict.frameset_scores_FL.mean(axis=0), abs=1e-6)
    assert verdict.standard_errors == [0.0] * 17


@pytest.mark.parametrize("batch_size", [2, 3, 100])
def test_verdict_does_not_depend_on_the_batch_size(
    batch_size: int, small_model: Model, make_clip: MakeClip
) -> None:
    path = make_clip("64x64", 30)
    expected = Detector(small_model, device="cpu").detect(path)

    verdict = Detector(small_model, batch_size, device="cpu").detect(path)

    assert verdict.predictions == pytest.approx(expected.predictions, abs=1e-6)


def test_sampled_verdict_says_how_sure_it_is(small_model: Model, make_clip: MakeClip) -> None:
    verdict = Detector(small_model, device="cpu").detect(make_clip("64x64", 90), framesets=4)

    assert verdict.mode == "sampled 4"
    assert verdict.frameset_indices == [1, 3, 6, 8]
    assert verdict.num_framesets == 10
    assert all(0 < error < 0.5 for error in verdict.standard_errors)


def test_a_sample_of_everything_is_everything(small_model: Model, make_clip: MakeClip) -> None:
    verdict = Detector(small_model, device="cpu").detect(make_clip("64x64", 30), framesets=8)

    assert verdict.mode == "all"


@pytest.mark.parametrize(("threshold", "judged"), [(1.0, 4), (None, 8)])
def test_sample_ends_once_the_interval_clears_the_threshold(
    threshold: float | None, judged: int, small_model: Model, make_clip: MakeClip
) -> None:
    detector = Detector(small_model, device="cpu")

    verdict = detector.detect(make_clip("64x64", 90), framesets=8, stop_threshold=threshold)

    assert len(verdict.frameset_indices) == judged
    assert verdict.frameset_indices == sorted(verdict.frameset_indices)


def test_progress_is_told_after_each_minibatch(small_model: Model, make_clip: MakeClip) -> None:
    told: list[tuple[int, int]] = []

    Detector(small_model, 3, device="cpu").detect(
        make_clip("64x64", 30), on_frameset=lambda done, total: told.append((done, total))
    )

    assert told == [(3, 4), (4, 4)]


def test_standard_error_follows_the_finite_population() -> None:
    scores_FL = np.array([[0.2], [0.4], [0.9]], np.float32)

    [error] = standard_errors(scores_FL, 12)

    assert error == pytest.approx(scores_FL.std(ddof=1) / math.sqrt(3) * math.sqrt(1 - 3 / 12))


def test_standard_error_of_one_frameset_of_many_is_the_widest() -> None:
    assert standard_errors(np.full((1, 2), 0.3, np.float32), 5) == [0.5, 0.5]


@pytest.mark.parametrize("device", ["tpu", "cuda:99"])
def test_device_that_is_not_there_is_named(device: str, small_model: Model) -> None:
    if device.startswith("cuda") and torch.cuda.device_count() > 99:
        pytest.skip("this machine has a hundred GPUs")

    with pytest.raises(DeviceMissing, match=f"device '{device}' cannot be used here: "):
        Detector(small_model, device=device)


def test_batch_size_zero_is_refused(small_model: Model) -> None:
    with pytest.raises(ValueError, match="batch_size must be >= 1, got 0"):
        Detector(small_model, batch_size=0)


def test_bad_video_is_told_by_the_detector(small_model: Model, tmp_path: Path) -> None:
    with pytest.raises(UnreadableVideo, match="no such file"):
        Detector(small_model, device="cpu").detect(tmp_path / "missing.mp4")
