"""What a sample shows: drawn without a look at the label, and padding without a look at the video's size."""

from statistics import mean

import numpy as np
import pytest
import torch
from torch import Tensor

from training.config import TrainConfig
from training.learning.augment import cut_sample

WINDOW = 32


def frames_of(height: int, width: int) -> Tensor:
    """Noise that is nowhere black: what is zero in a sample is padding."""
    generator = torch.Generator().manual_seed(0)
    return torch.randint(1, 256, (9, 3, height, width), dtype=torch.uint8, generator=generator)


def samples(frames_TCHW: Tensor, count: int = 60, **choices: object) -> list[Tensor]:
    config = TrainConfig(**choices)  # type: ignore[arg-type]  # as given
    return [cut_sample(frames_TCHW, config, WINDOW, np.random.default_rng(seed)) for seed in range(count)]


def padding(frames_CTHW: Tensor) -> float:
    """Return the share of the window that shows nothing."""
    return float((frames_CTHW == 0).all(0).all(0).float().mean())


def test_padding_does_not_tell_the_size_of_a_video() -> None:
    sizes = {"small": (16, 20), "wide": (24, 96), "large": (96, 96)}

    paddings = {
        name: [padding(sample) for sample in samples(frames_of(*size), resize=True)]
        for name, size in sizes.items()
    }

    assert paddings["small"] == paddings["wide"] == paddings["large"]
    assert 0 < mean(paddings["small"]) < 0.3


def test_without_resize_padding_tells_the_size() -> None:
    small, large = samples(frames_of(16, 20), 1), samples(frames_of(96, 96), 1)

    assert padding(small[0]) == pytest.approx(1 - 16 * 20 / WINDOW**2)
    assert padding(large[0]) == 0


def test_resized_samples_show_several_scales() -> None:
    rows_TCHW = torch.arange(96, dtype=torch.uint8)[:, None].expand(9, 3, 96, 96) + 1

    heights = {
        int(sample.max()) - int(sample[sample > 0].min()) for sample in samples(rows_TCHW, resize=True)
    }

    assert len(heights) > 5
    assert max(heights) > WINDOW


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (1.0, 20)])
def test_compression_changes_its_share_of_samples(share: float, expected: int) -> None:
    frames_TCHW = frames_of(WINDOW, WINDOW)

    made = samples(frames_TCHW, 20, compress=share, flip=False)

    original_CTHW = frames_TCHW.transpose(0, 1)
    assert sum(not torch.equal(sample, original_CTHW) for sample in made) == expected
    assert all(sample.shape == original_CTHW.shape for sample in made)


def test_padding_stays_black_under_compression() -> None:
    made = samples(frames_of(16, 20), 10, compress=1.0)

    assert all(not sample[:, :, :8].any() and not sample[:, :, 24:].any() for sample in made)


@pytest.mark.parametrize("choices", [{}, {"resize": True}, {"resize": True, "compress": 0.5}])
def test_same_seed_is_the_same_sample(choices: dict[str, object]) -> None:
    first, again = (samples(frames_of(40, 50), 5, **choices) for _ in range(2))

    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
