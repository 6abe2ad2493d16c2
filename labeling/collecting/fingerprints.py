"""Fingerprints of footage: what stays alike when a clip is re-encoded, resized, cropped, trimmed or marked.

A fingerprint is a perceptual hash of several frames with their times. Two clips are the same footage where,
at one shift in time, most of the frames that both have look alike. Every clip is hashed whole and as some
crops of itself: of two clips either may be the one that was cropped.

Shapes: F frames, B bytes of a hash, H height, W width.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HASH_SIDE = 16
HASH_BYTES = HASH_SIDE * HASH_SIDE // 8
_PICTURE_SIDE = HASH_SIDE * 4
"""The side that imagehash's DCT starts from."""

MIN_ENTROPY = 3.5
"""Bits a pixel. Black, fades and plain cards have less, and say nothing about which clip they are from."""

MOST_KNOWN = 240
"""Frames kept of a clip: half a minute at eight a second, a whole minute at four."""

NUM_CROPPED = 12
"""Frames that are hashed as every crop as well."""

ALIKE = 0.22
"""Share of the bits that may differ in frames that look alike; bench/duplicates.py measures both sides."""

MIN_AGREEING = 4
MIN_SHARE_AGREEING = 0.6
MIN_SHARE_SHARED = 0.5
"""Of the shorter clip: a shared intro or end card does not make one footage of two."""

SLACK_SECONDS = 0.15
"""How far apart frames may be that are compared; a twin need not be sampled at the same moments."""

MOST_SHIFTS = 6
_CENTISECONDS = 100

_BAR_SPREAD = 4.0
"""Standard deviation, in grey levels, of a row or column that is part of a bar."""

_LEAST_INSIDE_BARS = 0.3

Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
CROPS: tuple[Box, ...] = (
    (0.05, 0.05, 0.95, 0.95),
    (0.1, 0.1, 0.9, 0.9),
    (0.0, 0.0, 1.0, 0.9),
    (0.0, 0.1, 1.0, 1.0),
)
"""What people leave of a picture: left, top, right, bottom. Crops between these are near one of them."""

CURRENT = b"\xff\xff\x02"
"""What packed sightings begin with: two bytes that no time of a frame has, and a version. Without crops, and
without these bytes, they were packed once; in the order of bytes those come before (`neighbours.unseen`)."""

_TIME_BYTES = 2
_ROW_BYTES = _TIME_BYTES + HASH_BYTES


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Hashes of frames and their times in seconds from the first frame, in order of time."""

    seconds_F: NDArray[np.float32]
    hashes_FB: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.seconds_F)

    def to_bytes(self) -> bytes:
        """Pack as 2 bytes of time (1/100 s, little-endian) and 32 of hash a frame."""
        times_F = np.rint(self.seconds_F * _CENTISECONDS).astype("<u2")
        return np.hstack([times_F.view(np.uint8).reshape(-1, _TIME_BYTES), self.hashes_FB]).tobytes()

    @classmethod
    def from_bytes(cls, packed: bytes) -> "Fingerprint":
        """Unpack what `to_bytes` gave."""
        rows_FB = np.frombuffer(packed, np.uint8).reshape(-1, _ROW_BYTES)
        times_F = np.ascontiguousarray(rows_FB[:, :_TIME_BYTES]).view("<u2")[:, 0]
        return cls((times_F / _CENTISECONDS).astype(np.float32), rows_FB[:, _TIME_BYTES:])

    def thinned(self, most: int) -> "Fingerprint":
        """Return at most `most` of its frames, evenly spread."""
        chosen = _spread(len(self), most)
        return Fingerprint(self.seconds_F[chosen], self.hashes_FB[chosen])


@dataclass(frozen=True, slots=True)
class Sighting:
    """A clip as it looks: its frames whole, and some of them as each of CROPS."""

    whole: Fingerprint
    crops: tuple[Fingerprint, ...] = ()

    def known(self) -> "Sighting":
        """Return what is kept of it."""
        return Sighting(self.whole.thinned(MOST_KNOWN), self.crops)

    def to_bytes(self) -> bytes:
        """Pack as CURRENT, the number of parts, of frames in each (2 bytes, little-endian), and the parts."""
        parts = (self.whole, *self.crops)
        counts = np.array([len(part) for part in parts], "<u2").tobytes()
        return CURRENT + bytes([len(parts)]) + counts + b"".join(part.to_bytes() for part in parts)

    @classmethod
    def from_bytes(cls, packed: bytes) -> "Sighting":
        """Unpack what `to_bytes` gave, or a clip of which only whole frames were kept."""
        if not packed.startswith(CURRENT):
            return cls(Fingerprint.from_bytes(packed))
        at, num_parts = len(CURRENT) + 1, packed[len(CURRENT)]
        counts = np.frombuffer(packed, "<u2", num_parts, at)
        ends = at + counts.nbytes + np.cumsum(counts, dtype=int) * _ROW_BYTES
        starts = [at + counts.nbytes, *ends[:-1]]
        whole, *crops = (Fingerprint.from_bytes(packed[s:e]) for s, e in zip(starts, ends, strict=True))
        return cls(whole, tuple(crops))


def look_at(frames: Iterable[tuple[float, Picture]]) -> Sighting:
    """Fingerprint a clip from (seconds, grey picture) of frames in order, all of one size.

    Bars that are the same in all frames are cut off, frames with hardly any information are left out.
    """
    seen = list(frames)
    box = _without_bars(np.stack([picture_HW for _, picture_HW in seen])) if seen else WHOLE
    pictures = [(seconds, _cut(Image.fromarray(picture_HW), box)) for seconds, picture_HW in seen]
    telling = [(seconds, picture) for seconds, picture in pictures if picture.entropy() >= MIN_ENTROPY]
    some = [telling[place] for place in _spread(len(telling), NUM_CROPPED)]
    crops = [_fingerprint((seconds, _cut(picture, crop)) for seconds, picture in some) for crop in CROPS]
    return Sighting(_fingerprint(telling), tuple(crops))


def _fingerprint(pictures: Iterable[tuple[float, Image.Image]]) -> Fingerprint:
    import imagehash  # with scipy: only where files are stored

    seconds, hashes = [], []
    for at, picture in pictures:
        seconds.append(at)
        hashes.append(imagehash.phash(picture, hash_size=HASH_SIDE).hash.ravel())
    bits = np.array(hashes, dtype=bool).reshape(-1, HASH_SIDE * HASH_SIDE)
    return Fingerprint(np.array(seconds, np.float32), np.packbits(bits, axis=1))


def _cut(picture: Image.Image, box: Box) -> Image.Image:
    """Return the part of the picture inside the box, as small as the hash takes it."""
    width, height = picture.size
    left, top, right, bottom = box
    pixels = (left * width, top * height, right * width, bottom * height)
    return picture.resize((_PICTURE_SIDE, _PICTURE_SIDE), Image.Resampling.LANCZOS, pixels)


def _without_bars(pictures_FHW: NDArray[np.uint8]) -> Box:
    """Return the box inside bars: edge rows and columns of one colour in all frames."""
    rows = _inner(pictures_FHW.std(axis=(0, 2)))
    columns = _inner(pictures_FHW.std(axis=(0, 1)))
    return (columns[0], rows[0], columns[1], rows[1])


def _inner(spreads: NDArray[np.floating]) -> tuple[float, float]:
    busy = np.flatnonzero(spreads > _BAR_SPREAD)
    if not len(busy) or (busy[-1] + 1 - busy[0]) < _LEAST_INSIDE_BARS * len(spreads):
        return 0.0, 1.0
    return float(busy[0] / len(spreads)), float((busy[-1] + 1) / len(spreads))


def _spread(count: int, most: int) -> list[int]:
    """Return at most `most` of `count` places, evenly spread, the first and the last among them."""
    return [int(place) for place in np.unique(np.linspace(0, count - 1, min(count, most)).round())]


def distances(first: Fingerprint, second: Fingerprint) -> NDArray[np.float32]:
    """Return the share of bits that differ (0..1) between each frame of one and each of the other."""
    ours_F4, theirs_F4 = (np.ascontiguousarray(each.hashes_FB).view(np.uint64) for each in (first, second))
    num_different = np.zeros((len(first), len(second)), np.uint16)
    for ours_F, theirs_F in zip(ours_F4.T, theirs_F4.T, strict=True):
        num_different += np.bitwise_count(ours_F[:, None] ^ theirs_F[None])
    share: NDArray[np.float32] = (num_different / (8 * HASH_BYTES)).astype(np.float32)
    return share


def is_same_footage(first: Sighting, second: Sighting) -> bool:
    """Tell whether frames of two clips agree in order, as they are or with one of the two cropped."""
    return (
        _agree(first.whole, second.whole)
        or any(_agree(crop, second.whole) for crop in first.crops)
        or any(_agree(first.whole, crop) for crop in second.crops)
    )


def _agree(seen: Fingerprint, known: Fingerprint) -> bool:
    if min(len(seen), len(known)) < MIN_AGREEING:
        return False
    alike = distances(seen, known) <= ALIKE
    shifts = known.seconds_F[None] - seen.seconds_F[:, None]
    return any(_agree_at(shift, seen, known, alike, shifts) for shift in _likely_shifts(shifts[alike]))


def _likely_shifts(shifts: NDArray[np.float32]) -> list[float]:
    """Return the few shifts in time that most pairs of frames speak for."""
    rounded, votes = np.unique(np.rint(shifts / SLACK_SECONDS), return_counts=True)
    best = np.argsort(-votes, kind="stable")[:MOST_SHIFTS]
    return [float(place * SLACK_SECONDS) for place in rounded[best]]


def _agree_at(
    shift: float,
    seen: Fingerprint,
    known: Fingerprint,
    alike: NDArray[np.bool_],
    shifts: NDArray[np.float32],
) -> bool:
    moved_F = seen.seconds_F + np.float32(shift)
    first, last = max(moved_F[0], known.seconds_F[0]), min(moved_F[-1], known.seconds_F[-1])
    if last - first < MIN_SHARE_SHARED * min(np.ptp(moved_F), np.ptp(known.seconds_F)):
        return False
    agreeing = alike & (np.abs(shifts - shift) <= SLACK_SECONDS)
    # The side with fewer frames is asked: the other has more of them than can find a partner.
    shared = [_between(moved_F, first, last), _between(known.seconds_F, first, last)]
    axis = 0 if shared[0].sum() <= shared[1].sum() else 1
    num_agreeing = int((agreeing.any(axis=1 - axis) & shared[axis]).sum())
    return num_agreeing >= max(MIN_AGREEING, MIN_SHARE_AGREEING * int(shared[axis].sum()))


def _between(seconds_F: NDArray[np.float32], first: float, last: float) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (seconds_F >= first - SLACK_SECONDS) & (seconds_F <= last + SLACK_SECONDS)
    return inside
