"""Ours against the real published package, in a process of its own."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bench._sides import Worker, write_clip, write_weights

CLIPS = {
    "1280x720": 9, "720x1280": 10, "512x512": 9, "320x240": 18, "1920x1080": 9, "333x517": 9,
    "640x512": 9, "512x640": 14,
}  # fmt: skip
# The same architecture with fewer channels, so that every clip can be judged in a test.
NARROW = {"initial_channels": 4, "spacetime_block_count": 2, "channels_step": 2}
NARROW_CONFIG = {"initial_channels": 4, "num_blocks": 2, "channels_step": 2}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("published")
    return {size: write_clip(folder / f"{size}.mp4", size, frames) for size, frames in CLIPS.items()}


@pytest.fixture(scope="module")
def narrow_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_weights(tmp_path_factory.mktemp("narrow") / "narrow.pth", dict(NARROW_CONFIG))


@pytest.fixture(scope="module")
def full_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_weights(tmp_path_factory.mktemp("full") / "full.pth")


@pytest.fixture(scope="module")
def narrow_sides(narrow_weights: Path) -> Iterator[tuple[Worker, Worker]]:
    with (
        Worker("published", narrow_weights, shape=NARROW) as published,
        Worker("ours", narrow_weights, shape=NARROW) as ours,
    ):
        yield published, ours


def logits(worker: Worker, clip: Path, frames: int) -> NDArray[np.float64]:
    return np.array([worker.ask("judge", clip, [index])["result"][0] for index in range(-(-frames // 9))])


def test_the_two_sides_are_two_packages(narrow_sides: tuple[Worker, Worker]) -> None:
    published, ours = narrow_sides

    assert "published" in published.package
    assert "published" not in ours.package


@pytest.mark.parametrize("size", CLIPS)
def test_logits_equal_the_published_ones(
    size: str, clips: dict[str, Path], narrow_sides: tuple[Worker, Worker]
) -> None:
    published, ours = narrow_sides
    expected_FL = logits(published, clips[size], CLIPS[size])

    logits_FL = logits(ours, clips[size], CLIPS[size])

    assert np.abs(logits_FL - expected_FL).max() <= 1e-4 * expected_FL.std()


def test_verdict_equals_the_published_one(
    clips: dict[str, Path], narrow_sides: tuple[Worker, Worker]
) -> None:
    published, ours = narrow_sides
    expected = published.ask("detect", clips["512x640"])["result"]

    predictions = ours.ask("detect", clips["512x640"])["result"]

    assert predictions == pytest.approx(expected, abs=1e-5)


@pytest.mark.timeout(900)
def test_full_model_equals_the_published_one(full_weights: Path, clips: dict[str, Path]) -> None:
    with Worker("published", full_weights) as published:
        expected_FL = logits(published, clips["1280x720"], 9)

    with Worker("ours", full_weights) as ours:
        logits_FL = logits(ours, clips["1280x720"], 9)

    assert np.abs(logits_FL - expected_FL).max() <= 1e-4 * expected_FL.std()


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_full_model_equals_the_published_one_on_every_clip(
    full_weights: Path, clips: dict[str, Path]
) -> None:
    with Worker("published", full_weights) as published, Worker("ours", full_weights) as ours:
        pairs = {
            size: (logits(published, clip, CLIPS[size]), logits(ours, clip, CLIPS[size]))
            for size, clip in clips.items()
        }

    for size, (expected_FL, logits_FL) in pairs.items():
        assert np.abs(logits_FL - expected_FL).max() <= 1e-4 * expected_FL.std(), size


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_bf16_error_is_near_the_published_autocasts(full_weights: Path, clips: dict[str, Path]) -> None:
    clip = clips["1280x720"]
    with Worker("published", full_weights) as exact:
        expected_FL = logits(exact, clip, 9)
    with Worker("published", full_weights, precision="autocast") as autocast:
        autocast_error = np.abs(logits(autocast, clip, 9) - expected_FL).mean()

    with Worker("ours", full_weights, precision="auto") as ours:
        error = np.abs(logits(ours, clip, 9) - expected_FL).mean()

    assert error <= 1.5 * autocast_error
