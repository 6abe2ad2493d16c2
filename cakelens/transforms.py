"""From decoded frames to what a model reads: the window, and the published normalisation.

Shapes: N framesets, T frames, C = 3 channels, H height, W width.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from cakelens.config import V5, Crop, ModelConfig
from cakelens.framesets import FRAMES


def fit_window(frames_TCHW: Tensor, window: int, crop: Crop = "top-left") -> Tensor:
    """Cut frames to `window` and put smaller ones in the middle of zeros; any dtype."""
    _, _, height, width = frames_TCHW.shape
    top = crop_start(height, window, crop)
    left = crop_start(width, window, crop)
    return fit_window_at(frames_TCHW, window, top=top, left=left)


def fit_window_at(frames_TCHW: Tensor, window: int, *, top: int, left: int) -> Tensor:
    """Cut frames to `window` from row `top` and column `left`, and pad what is smaller.

    What a training loader calls with its own random corner.
    """
    cut_TCHW = frames_TCHW[:, :, top : top + window, left : left + window]
    height, width = cut_TCHW.shape[2:]
    if (height, width) == (window, window):
        return cut_TCHW
    above, before = (window - height) // 2, (window - width) // 2
    padded_TCHW = _zeros_channels_last(cut_TCHW, window)
    padded_TCHW[:, :, above : above + height, before : before + width] = cut_TCHW
    return padded_TCHW


def crop_start(size: int, window: int, crop: Crop) -> int:
    """Give the first row or column the window takes of `size`."""
    return 0 if crop == "top-left" else max(size - window, 0) // 2


def fill_frames(frames_TCHW: Tensor) -> Tensor:
    """Pad a short last frameset to nine frames with zeros, half before and half after."""
    missing = FRAMES - frames_TCHW.shape[0]
    if missing == 0:
        return frames_TCHW
    before = missing // 2
    return F.pad(frames_TCHW, (0, 0, 0, 0, 0, 0, before, missing - before))


def as_frameset(frames_TCHW: Tensor, config: ModelConfig) -> Tensor:
    """Give one frameset (3, 9, H, W) of the config's window from up to nine decoded frames."""
    fitted_TCHW = fit_window(frames_TCHW, config.window, config.crop)
    return fill_frames(fitted_TCHW).transpose(0, 1)


def make_transformer(config: ModelConfig = V5) -> Callable[[Tensor], Tensor]:
    """Give the published package's transform: frames scaled to 0..1 (9, 3, H, W) to (1, 27, H, W)."""
    mean_C11 = torch.tensor(config.mean)[:, None, None]
    std_C11 = torch.tensor(config.std)[:, None, None]

    def normalise_and_stack(frames_TCHW: Tensor) -> Tensor:
        return ((frames_TCHW - mean_C11) / std_C11).flatten(0, 1)[None]

    return normalise_and_stack


def _zeros_channels_last(like_TCHW: Tensor, window: int) -> Tensor:
    frames, channels = like_TCHW.shape[:2]
    zeros_THWC = like_TCHW.new_zeros((frames, window, window, channels))
    return zeros_THWC.permute(0, 3, 1, 2)
