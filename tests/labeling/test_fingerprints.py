"""What stays alike of a clip that was altered, and what does not make one footage of two."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from labeling.collecting.fingerprints import (
    CROPS,
    CURRENT,
    Fingerprint,
    Sighting,
    distances,
    is_same_footage,
    look_at,
)

Frames = list[tuple[float, NDArray[np.uint8]]]

SIDE = 128


@cache
def scene(seed: int) -> NDArray[np.float64]:
    """A large soft picture, as a landscape is: 128 x 256."""
    rng = np.random.default_rng(seed)
    layers = [
        np.asarray(
            Image.fromarray(rng.random((size, 2 * size))).resize((2 * SIDE, SIDE), Image.Resampling.BICUBIC)
        )
        / size**0.5
        for size in (3, 6, 12, 24)
    ]
    total: NDArray[np.float64] = np.sum(layers, axis=0)
    grey_HW: NDArray[np.float64] = (total - total.min()) / np.ptp(total) * 255
    return grey_HW


def clip(seed: int = 0, *, num_frames: int = 24, first: int = 0) -> Frames:
    """A camera that pans over a scene, eight frames a second."""
    picture_HW = scene(seed).astype(np.uint8)
    return [
        (place / 8, np.ascontiguousarray(picture_HW[:, 4 * (first + place) :][:, :SIDE]))
        for place in range(num_frames)
    ]


def altered(frames: Frames, change: Callable[[Image.Image], Image.Image]) -> Frames:
    return [
        (seconds, np.asarray(change(Image.fromarray(picture)).resize((SIDE, SIDE))))
        for seconds, picture in frames
    ]


def is_recognised(newcomer: Frames, known: Frames) -> bool:
    return is_same_footage(look_at(newcomer), look_at(known).known())


def black(num_frames: int) -> Frames:
    return [(place / 8, np.zeros((SIDE, SIDE), np.uint8)) for place in range(num_frames)]


def joined(*parts: Frames) -> Frames:
    """Play clips one after the other."""
    pictures = [picture for part in parts for _, picture in part]
    return [(place / 8, picture) for place, picture in enumerate(pictures)]


def cropped(left: int, top: int, right: int, bottom: int) -> Callable[[Image.Image], Image.Image]:
    return lambda picture: picture.crop((left, top, SIDE - right, SIDE - bottom))


def in_bars(picture: Image.Image) -> Image.Image:
    framed = Image.new("L", (SIDE, 2 * SIDE))
    framed.paste(picture, (0, SIDE // 2))
    return framed


def marked(picture: Image.Image) -> Image.Image:
    marked = picture.copy()
    marked.paste(255, (90, 110, 124, 122))
    return marked


ALTERATIONS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "smaller": lambda picture: picture.resize((32, 24)),
    "paler": lambda picture: picture.point(lambda value: value // 2 + 70),
    "marked": marked,
    "cropped by a tenth": cropped(6, 6, 6, 6),
    "cropped by a fifth": cropped(13, 13, 13, 13),
    "cropped at the bottom": cropped(0, 0, 0, 13),
    "cropped at the top": cropped(0, 13, 0, 0),
    "in bars": in_bars,
}


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_altered_copy_is_the_same_footage(alteration: str) -> None:
    copy = altered(clip(), ALTERATIONS[alteration])

    assert is_recognised(copy, clip())


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_original_is_recognised_when_its_copy_came_first(alteration: str) -> None:
    copy = altered(clip(), ALTERATIONS[alteration])

    assert is_recognised(clip(), copy)


def test_trimmed_copy_is_the_same_footage() -> None:
    assert is_recognised(clip(num_frames=12, first=7), clip())


def test_other_clip_is_not_the_same_footage() -> None:
    assert not is_recognised(clip(1), clip(2))


def test_frames_in_another_order_are_not_the_same_footage() -> None:
    backwards = joined(clip()[::-1])

    assert not is_recognised(backwards, clip())


def test_shared_end_card_is_not_the_same_footage() -> None:
    card = clip(3, num_frames=8)

    assert not is_recognised(joined(clip(1), card), joined(clip(2), card))


def test_too_few_frames_are_not_the_same_footage() -> None:
    assert not is_recognised(clip(num_frames=3), clip(num_frames=3))


def test_black_and_plain_frames_are_left_out() -> None:
    sighting = look_at(joined(black(8), clip(num_frames=5)))

    assert len(sighting.whole) == 5
    assert sighting.whole.seconds_F[0] == 1.0


def test_clip_without_a_telling_frame_is_like_no_other() -> None:
    sighting = look_at(black(20))

    assert len(sighting.whole) == 0
    assert not is_same_footage(sighting, sighting.known())


def test_clip_without_frames_has_an_empty_fingerprint() -> None:
    packed = look_at([]).known().to_bytes()

    assert len(Sighting.from_bytes(packed).whole) == 0


def test_copy_after_a_black_lead_in_is_the_same_footage() -> None:
    assert is_recognised(joined(black(10), clip()), clip())


def test_packed_fingerprint_is_read_back() -> None:
    known = look_at(clip()).known()

    read = Sighting.from_bytes(known.to_bytes())

    assert len(read.crops) == len(known.crops) == len(CROPS)
    for part, original in zip((read.whole, *read.crops), (known.whole, *known.crops), strict=True):
        assert part.seconds_F == pytest.approx(original.seconds_F, abs=0.006)
        assert np.array_equal(part.hashes_FB, original.hashes_FB)


def test_fingerprint_of_earlier_days_is_read_as_whole_frames() -> None:
    whole = look_at(clip()).whole

    read = Sighting.from_bytes(whole.to_bytes())

    assert np.array_equal(read.whole.hashes_FB, whole.hashes_FB)
    assert read.crops == ()


@pytest.mark.parametrize("seconds", [0.0, 60.0, 2.55, 655.34])
def test_fingerprint_of_earlier_days_comes_before_current_ones(seconds: float) -> None:
    old = Fingerprint(np.array([seconds], np.float32), np.full((1, 32), 255, np.uint8))

    assert old.to_bytes() < CURRENT <= Sighting(old).to_bytes()


def test_distance_is_the_share_of_bits_that_differ() -> None:
    first = Fingerprint(np.zeros(1, np.float32), np.zeros((1, 32), np.uint8))
    second = Fingerprint(np.zeros(2, np.float32), np.array([[0] * 32, [255] * 8 + [0] * 24], np.uint8))

    assert distances(first, second).tolist() == [[0.0, 0.25]]


def test_minute_of_footage_keeps_no_more_than_240_frames() -> None:
    whole = Fingerprint(np.arange(480).astype(np.float32) / np.float32(8), np.zeros((480, 32), np.uint8))

    known = Sighting(whole).known().whole

    assert len(known) == 240
    assert (known.seconds_F[0], known.seconds_F[-1]) == (whole.seconds_F[0], whole.seconds_F[-1])
