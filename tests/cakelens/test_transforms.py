import pytest
import torch

from cakelens.config import TINY, V5, Crop, ModelConfig
from cakelens.transforms import as_frameset, fill_frames, fit_window, fit_window_at


def numbered(frames: int, height: int, width: int) -> torch.Tensor:
    return (
        torch.arange(1, frames * height * width + 1).reshape(frames, 1, height, width).expand(-1, 3, -1, -1)
    )


def test_larger_frames_are_cut_top_left() -> None:
    frames_TCHW = numbered(1, 6, 8)

    fitted_TCHW = fit_window(frames_TCHW, 4)

    assert fitted_TCHW.equal(frames_TCHW[:, :, :4, :4])


def test_larger_frames_are_cut_in_the_middle_where_the_config_says_so() -> None:
    frames_TCHW = numbered(1, 6, 8)

    fitted_TCHW = fit_window(frames_TCHW, 4, "center")

    assert fitted_TCHW.equal(frames_TCHW[:, :, 1:5, 2:6])


@pytest.mark.parametrize("crop", ["top-left", "center"])
def test_smaller_frames_stand_in_the_middle_of_zeros(crop: Crop) -> None:
    frames_TCHW = numbered(1, 2, 3)

    fitted_TCHW = fit_window(frames_TCHW, 6, crop)

    assert fitted_TCHW[:, :, 2:4, 1:4].equal(frames_TCHW)
    assert fitted_TCHW.count_nonzero() == frames_TCHW.count_nonzero()


def test_a_training_loader_picks_its_own_corner() -> None:
    frames_TCHW = numbered(1, 6, 8)

    fitted_TCHW = fit_window_at(frames_TCHW, 4, top=2, left=3)

    assert fitted_TCHW.equal(frames_TCHW[:, :, 2:6, 3:7])


def test_short_framesets_are_filled_half_before_half_after() -> None:
    frames_TCHW = torch.ones(4, 3, 2, 2)

    filled_TCHW = fill_frames(frames_TCHW)

    assert filled_TCHW[:, 0, 0, 0].tolist() == [0, 0, 1, 1, 1, 1, 0, 0, 0]


@pytest.mark.parametrize("config", [V5, TINY])
def test_a_frameset_has_the_shape_of_the_config(config: ModelConfig) -> None:
    frames_TCHW = torch.ones(5, 3, 120, 60, dtype=torch.uint8)

    frameset_CTHW = as_frameset(frames_TCHW, config)

    assert frameset_CTHW.shape == (3, 9, config.window, config.window)
    assert frameset_CTHW.dtype == torch.uint8
