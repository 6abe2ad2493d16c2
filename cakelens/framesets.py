"""Framesets: consecutive runs of nine frames, what others call a clip. Pure arithmetic."""

from collections.abc import Iterator
from itertools import islice

FRAMES = 9


def num_framesets(num_frames: int) -> int:
    """Count the framesets that cover `num_frames`; the last one may be short."""
    if num_frames < 0:
        raise ValueError(f"num_frames must be >= 0, got {num_frames}")
    return -(-num_frames // FRAMES)


def frame_range(index: int, num_frames: int) -> range:
    """Give the frames of frameset `index`, fewer than nine in a short last one."""
    if not 0 <= index < num_framesets(num_frames):
        last = num_framesets(num_frames) - 1
        raise ValueError(f"frameset index must be in 0..{last} for {num_frames} frames, got {index}")
    return range(index * FRAMES, min((index + 1) * FRAMES, num_frames))


def sampled_indices(num_framesets: int, k: int) -> list[int]:
    """Pick `k` framesets evenly over the clip, all of them if there are no more than `k`.

    They are the middles of `k` equal stretches: no end is favoured, and keyframes, which differ in
    quality, are not sought out.
    """
    if k < 1:
        raise ValueError(f"k must be >= 1, got {k}")
    if k >= num_framesets:
        return list(range(num_framesets))
    return [(2 * i + 1) * num_framesets // (2 * k) for i in range(k)]


def spread_order(count: int) -> Iterator[int]:
    """Yield 0..count-1 so that every beginning of the sequence is spread over the whole.

    A sequential stop after k framesets has then seen an even sample. Bit-reversed counting.
    """
    bits = max(count - 1, 0).bit_length()
    reversed_ = (int(format(i, f"0{bits}b")[::-1], 2) if bits else 0 for i in range(1 << bits))
    return islice((i for i in reversed_ if i < count), count)
