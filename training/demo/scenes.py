"""Pictures in motion for synthetic clips: soft ground, drifting shapes.

Shapes: H height, W width, C = 3 colours, T frames. Positions wrap around, so a place says nothing about the
time or the kind of motion.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT, NUM_FRAMES, FPS = 320, 240, 45, 15

Picture = NDArray[np.uint8]
Rng = np.random.Generator

_GROUND = 384  # the ground repeats after so many pixels
_MARGIN = 96  # shapes leave the picture whole before they come back
_SOFTER = 4  # shapes are drawn so much larger and scaled down: smooth edges
_SPEEDS = (2, 5)  # pixels a frame, along the longer axis
_STILL_SHARE = 0.15  # of clips whose ground does not glide: there the shapes alone tell
_SHAKE = 1  # pixels the hand that holds the camera trembles by
# Each row goes together: two colours of the ground, then those of the shapes.
_PALETTES = (
    ("#0b3954", "#087e8b", "#bfd7ea", "#ff5a5f", "#f6ae2d"),
    ("#2d3142", "#4f5d75", "#ef8354", "#f9f7f3", "#9bc1bc"),
    ("#264653", "#2a9d8f", "#e9c46a", "#f4a261", "#e76f51"),
    ("#3d2c5a", "#8e5572", "#f2d0a4", "#ffb997", "#6ba292"),
    ("#1d3b2a", "#5b8e7d", "#f4e285", "#f4a259", "#bc4b51"),
    ("#f1e3d3", "#c9ada7", "#22223b", "#9a8c98", "#d1495b"),
    ("#dbe9ee", "#a3bac3", "#166088", "#4f6d7a", "#f25f5c"),
    ("#533a2b", "#a47551", "#f7e1bc", "#7fb069", "#e6aa68"),
)


@dataclass(frozen=True, slots=True)
class Motion:
    """Where something is in each frame: on a straight line, or back and forth on it."""

    start_XY: tuple[int, int]
    step_XY: tuple[int, int]
    runs: int | None = None  # frames between turns; None never turns
    phase: int = 0

    def at(self, frame: int) -> NDArray[np.int64]:
        steps = frame if self.runs is None else _triangle(frame + self.phase, self.runs)
        place_XY: NDArray[np.int64] = np.array(self.start_XY) + steps * np.array(self.step_XY)
        return place_XY


@dataclass(frozen=True, slots=True)
class Sprite:
    """One shape, its edges and shadow blended by `alpha_HW1` (0..256)."""

    colour_HWC: NDArray[np.uint16]
    alpha_HW1: NDArray[np.uint16]
    motion: Motion


def draw(rng: Rng, runs: tuple[int, ...] | None) -> Iterator[Picture]:
    """Yield the pictures of one clip; with `runs` everything turns after so many frames, else never."""
    palette = [_rgb(colour) for colour in _PALETTES[rng.integers(len(_PALETTES))]]
    ground_HWC = _ground(rng, palette[:2])
    ground_motion = _motion(rng, runs, is_still=bool(rng.random() < _STILL_SHARE))
    sprites = [_sprite(rng, palette[2:], runs) for _ in range(rng.integers(9, 15))]
    for frame in range(NUM_FRAMES):
        shake_XY = rng.integers(-_SHAKE, _SHAKE + 1, 2)
        x, y = ground_motion.at(frame) + shake_XY
        picture_HWC = ground_HWC[np.ix_(_wrapped(y, HEIGHT), _wrapped(x, WIDTH))]
        for sprite in sprites:
            _paste(picture_HWC, sprite, *(sprite.motion.at(frame) - shake_XY))
        yield picture_HWC


def _triangle(frame: int, runs: int) -> int:
    """Count up for `runs` frames, then down again, for ever: each step is one up or one down."""
    place = frame % (2 * runs)
    return min(place, 2 * runs - place)


def _motion(rng: Rng, runs: tuple[int, ...] | None, *, is_still: bool = False) -> Motion:
    fast, slow = int(rng.integers(*_SPEEDS, endpoint=True)), int(rng.integers(-2, 3))
    step_XY = (fast, slow) if rng.random() < 0.5 else (slow, fast)
    sign = 0 if is_still else rng.choice((-1, 1))
    start = (int(rng.integers(WIDTH + 2 * _MARGIN)), int(rng.integers(HEIGHT + 2 * _MARGIN)))
    chosen, phase = (int(rng.choice(runs)) if runs else None), int(rng.integers(12))
    return Motion(start, (sign * step_XY[0], sign * step_XY[1]), chosen, phase)


def _ground(rng: Rng, colours: list[NDArray[np.float64]]) -> Picture:
    """Mix two colours by smooth noise that repeats without a seam, and add fine grain."""
    white_HF = np.fft.rfft2(rng.standard_normal((_GROUND, _GROUND), dtype=np.float32))
    mix_HW1 = (_noise(white_HF, 1.9) * 0.8 + _noise(white_HF[:, ::-1], 1.1) * 0.2)[:, :, None]
    grain_HW1 = (_noise(white_HF[::-1], 0.7)[:, :, None] - 0.5) * 36
    shade_HWC = colours[0] * (1 - mix_HW1) + colours[1] * mix_HW1
    ground_HWC: Picture = np.clip(shade_HWC + grain_HW1, 0, 255).astype(np.uint8)
    return ground_HWC


def _noise(white_HF: NDArray[np.complexfloating], slope: float) -> NDArray[np.float32]:
    """Give noise in 0..1 whose spectrum falls with frequency to the power of `slope`."""
    radius_HF = np.hypot(np.fft.fftfreq(_GROUND)[:, None], np.fft.rfftfreq(_GROUND)[None, :])
    radius_HF[0, 0] = np.inf
    noise_HW = np.fft.irfft2(white_HF * (radius_HF**-slope).astype(np.float32))
    low, high = np.quantile(noise_HW[::7, ::7], (0.01, 0.99))
    clipped: NDArray[np.float32] = np.clip((noise_HW - low) / (high - low), 0, 1)
    return clipped


def _sprite(rng: Rng, colours: list[NDArray[np.float64]], runs: tuple[int, ...] | None) -> Sprite:
    size = int(rng.integers(28, 72))
    mask = _outline(rng, size).resize((size, size), Image.Resampling.LANCZOS)
    alpha_HW = np.asarray(mask, dtype=np.float64) / 255
    light_HW1 = np.linspace(1.12, 0.82, size)[:, None, None]  # as if lit from above
    colour_HWC = np.clip(colours[rng.integers(len(colours))] * light_HW1, 0, 255).repeat(size, axis=1)
    shadow_HW = np.asarray(mask.filter(ImageFilter.GaussianBlur(3)), dtype=np.float64) / 255
    shadow_HW = np.roll(shadow_HW, 3, axis=0) * 0.35 * (1 - alpha_HW)
    cover_HW = alpha_HW + shadow_HW
    mixed_HWC = colour_HWC * (alpha_HW / np.maximum(cover_HW, 1e-6))[:, :, None]
    return Sprite(
        mixed_HWC.astype(np.uint16), (cover_HW[:, :, None] * 256).astype(np.uint16), _motion(rng, runs)
    )


def _outline(rng: Rng, size: int) -> Image.Image:
    """Draw a disc, ring, rounded square, or a polygon or star of three to six points."""
    side = size * _SOFTER
    mask = Image.new("L", (side, side))
    pen = ImageDraw.Draw(mask)
    box = (side * 0.1, side * 0.1, side * 0.9, side * 0.9)
    kind = rng.integers(5)
    if kind == 0:
        pen.ellipse(box, fill=255)
    elif kind == 1:
        pen.ellipse(box, outline=255, width=side // 6)
    elif kind == 2:
        pen.rounded_rectangle(box, radius=side * 0.18, fill=255)
    else:
        pen.polygon(_points(rng, side, is_star=bool(kind == 4)), fill=255)
    return mask


def _points(rng: Rng, side: int, *, is_star: bool) -> list[tuple[float, float]]:
    corners = int(rng.integers(5, 8)) * 2 if is_star else int(rng.integers(3, 7))
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False) + rng.random() * np.pi
    radii = np.where((np.arange(corners) % 2 == 1) & is_star, 0.2, 0.42) * side
    points = zip(side / 2 + radii * np.cos(angles), side / 2 + radii * np.sin(angles), strict=True)
    return [(float(x), float(y)) for x, y in points]


def _paste(picture_HWC: Picture, sprite: Sprite, x: int, y: int) -> None:
    """Blend a shape into the picture; what lies outside is cut off."""
    own_rows, rows = _overlap(y, sprite.alpha_HW1.shape[0], HEIGHT)
    own_columns, columns = _overlap(x, sprite.alpha_HW1.shape[1], WIDTH)
    alpha_HW1 = sprite.alpha_HW1[own_rows, own_columns]
    under_HWC = picture_HWC[rows, columns]
    blended_HWC = sprite.colour_HWC[own_rows, own_columns] * alpha_HW1 + under_HWC * (256 - alpha_HW1)
    picture_HWC[rows, columns] = (blended_HWC >> 8).astype(np.uint8)


def _overlap(place: int, size: int, length: int) -> tuple[slice, slice]:
    """Give which part of a shape is to be seen along one axis, and where in the picture it goes."""
    start = place % (length + 2 * _MARGIN) - _MARGIN
    first, last = max(start, 0), min(start + size, length)
    return slice(first - start, max(last, first) - start), slice(first, max(last, first))


def _wrapped(start: int, length: int) -> NDArray[np.intp]:
    return np.arange(start, start + length) % _GROUND


def _rgb(colour: str) -> NDArray[np.float64]:
    return np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)], dtype=np.float64)
