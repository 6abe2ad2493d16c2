import numpy as np
import pytest

from training.demo.scenes import FPS, HEIGHT, NUM_FRAMES, WIDTH, Motion, draw

STEADY = Motion(start_XY=(10, 20), step_XY=(3, -1))
TURNING = Motion(start_XY=(10, 20), step_XY=(3, -1), runs=2, phase=1)


def steps(motion: Motion) -> list[tuple[int, ...]]:
    return [tuple((motion.at(frame + 1) - motion.at(frame)).tolist()) for frame in range(12)]


def test_steady_motion_goes_on() -> None:
    assert set(steps(STEADY)) == {(3, -1)}


def test_turning_motion_goes_back_and_forth_by_the_same_steps() -> None:
    assert steps(TURNING)[:5] == [(3, -1), (-3, 1), (-3, 1), (3, -1), (3, -1)]


def test_turning_motion_comes_back() -> None:
    assert TURNING.at(3).tolist() == TURNING.at(7).tolist()


@pytest.mark.slow
def test_pictures_are_of_the_size_and_number() -> None:
    pictures = list(draw(np.random.default_rng(1), runs=None))

    assert len(pictures) == NUM_FRAMES == 3 * FPS
    assert {picture.shape for picture in pictures} == {(HEIGHT, WIDTH, 3)}
    assert {picture.dtype for picture in pictures} == {np.dtype(np.uint8)}


def change(runs: tuple[int, ...] | None, lag: int) -> float:
    """Give the mean change between pictures `lag` apart, over a few clips."""
    changes = []
    for seed in range(12):
        pictures = [picture.astype(np.int16) for picture in draw(np.random.default_rng(seed), runs)]
        changes.append(
            np.mean([np.abs(b - a).mean() for a, b in zip(pictures, pictures[lag:], strict=False)])
        )
    return float(np.mean(changes))


@pytest.mark.slow
def test_neighbouring_pictures_differ_alike_in_both_kinds() -> None:
    assert change(None, lag=1) == pytest.approx(change((2,), lag=1), rel=0.05)


@pytest.mark.slow
def test_pictures_a_few_frames_apart_tell_the_kinds_apart() -> None:
    assert change(None, lag=4) > 1.2 * change((2,), lag=4)
