"""What a sample shows of its frames: which part, at which scale, how compressed, mirrored or not.

Every choice is drawn without a look at the label, and with `resize` what is padding is drawn without a look
at the video's size either: padding then tells nothing about the label. Shapes as in `dataset`.
"""

from io import BytesIO
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from cakelens.transforms import crop_start, fill_frames, fit_window_at
from training.config import Crop, TrainConfig

SMALLER_SHARE = 0.25  # of samples that do not fill the window, as small videos do not when they are judged
NATIVE_SHARE = 0.5  # of samples whose pixels stay as they were decoded, if the video is large enough
LEAST_SCALE = 0.5
QUALITIES = (30, 95)  # of JPEG: from plainly broken to hardly seen


class _Size(NamedTuple):
    height: int
    width: int


def cut_sample(frames_TCHW: Tensor, config: TrainConfig, window: int, rng: np.random.Generator) -> Tensor:
    """Give nine frames of the window (3, 9, H, W) from up to nine decoded ones of any size."""
    part_TCHW = _part(frames_TCHW, config, window, rng)
    if rng.random() < config.compress:
        part_TCHW = _compressed(part_TCHW, rng)
    frames_CTHW = fill_frames(fit_window_at(part_TCHW, window, top=0, left=0)).transpose(0, 1)
    return frames_CTHW.flip(3) if config.flip and rng.random() < 0.5 else frames_CTHW


def _part(frames_TCHW: Tensor, config: TrainConfig, window: int, rng: np.random.Generator) -> Tensor:
    size = _Size(*frames_TCHW.shape[2:])
    if not config.resize:
        return _cut(frames_TCHW, _Size(min(size.height, window), min(size.width, window)), config.crop, rng)
    seen = _seen(window, rng)
    scale = _scale(size, seen, rng)
    wanted = _Size(min(round(seen.height / scale), size.height), min(round(seen.width / scale), size.width))
    part_TCHW = _cut(frames_TCHW, wanted, config.crop, rng)
    return part_TCHW if wanted == seen else _resized(part_TCHW, seen)


def _resized(frames_TCHW: Tensor, size: _Size) -> Tensor:
    from torchvision.transforms.v2 import functional  # slow to import, and only `resize` needs it

    resized_TCHW: Tensor = functional.resize(frames_TCHW, list(size), antialias=True)
    return resized_TCHW


def _seen(window: int, rng: np.random.Generator) -> _Size:
    """Draw how much of the window shows something; the rest will be padding."""
    if rng.random() >= SMALLER_SHARE:
        return _Size(window, window)
    height, width = rng.integers(window // 2, window, size=2, endpoint=True)
    return _Size(int(height), int(width))


def _scale(size: _Size, seen: _Size, rng: np.random.Generator) -> float:
    """Draw by how much to scale, at least so much that the video covers what is to be seen."""
    drawn = 1.0 if rng.random() < NATIVE_SHARE else LEAST_SCALE ** rng.random()
    return max(drawn, seen.height / size.height, seen.width / size.width)


def _cut(frames_TCHW: Tensor, part: _Size, crop: Crop, rng: np.random.Generator) -> Tensor:
    top = _start(frames_TCHW.shape[2], part.height, crop, rng)
    left = _start(frames_TCHW.shape[3], part.width, crop, rng)
    return frames_TCHW[:, :, top : top + part.height, left : left + part.width]


def _start(size: int, part: int, crop: Crop, rng: np.random.Generator) -> int:
    drawn = int(rng.integers(size - part + 1))  # drawn always: a crop option shifts nothing else
    return drawn if crop == "random" else crop_start(size, part, crop)


def _compressed(frames_TCHW: Tensor, rng: np.random.Generator) -> Tensor:
    """Encode all frames as JPEG of one quality and decode them again.

    By Pillow: torchvision's own operation warns since 0.29 that it will be removed.
    """
    quality = int(rng.integers(*QUALITIES, endpoint=True))
    frames_THWC = frames_TCHW.permute(0, 2, 3, 1).numpy()
    again_THWC = np.stack([_through_jpeg(frame_HWC, quality) for frame_HWC in frames_THWC])
    return torch.from_numpy(again_THWC).permute(0, 3, 1, 2)


def _through_jpeg(frame_HWC: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    file = BytesIO()
    Image.fromarray(frame_HWC).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))
