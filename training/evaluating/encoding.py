"""Encode pictures as H.264 files that all have the same number of bytes."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from cakelens.files import written_whole
from training.demo.scenes import FPS, HEIGHT, WIDTH

NUM_BYTES = 144 * 1024
"""Bytes of every clip's pictures, filler included."""

FILE_BYTES = NUM_BYTES + 2048
"""Bytes of every file: the tables around the pictures vary by a few."""

QUALITIES = (26, 32, 40, 51)
"""x264's scale. All clips have the first, which fits with room to spare; the rest are for a freak."""

_START = b"\x00\x00\x00\x01"
_ANY_START = re.compile(rb"\x00{2,3}\x01")
_FILLER = 12  # ITU-T H.264, table 7-1: filler data, ignored by decoders
_SMALLEST_FILLER = len(_START) + 2

# No B-frames and fixed key frames: the tables of the file are of one length too.
_OPTIONS = {"preset": "veryfast", "threads": "1", "bf": "0", "g": "15", "sc_threshold": "0"}


def write_clip(path: Path, pictures: Iterable[NDArray[np.uint8]]) -> None:
    """Encode `pictures` (H, W, 3) so that the file and what it holds have the same size as every other."""
    kept = list(pictures)
    with written_whole(path) as temporary:
        if not any(_encoded(temporary, kept, quality) for quality in QUALITIES):
            raise ValueError(f"{path.name} does not fit into {NUM_BYTES} bytes at any quality")
        _fill_file(temporary)


def _encoded(path: Path, pictures: list[NDArray[np.uint8]], quality: int) -> bool:
    """Write a file at this quality; tell whether it fitted, or leave it useless."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options=_OPTIONS | {"crf": str(quality)})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        packets = [
            packet for picture_HWC in (*pictures, None) for packet in stream.encode(_frame(picture_HWC))
        ]
        missing = NUM_BYTES - sum(len(_normal(packet)) for packet in packets)
        if missing < _SMALLEST_FILLER:
            return False
        for packet in packets:
            is_last = packet is packets[-1]
            container.mux(_replaced(packet, _normal(packet) + (_filler(missing) if is_last else b"")))
    return True


def _fill_file(path: Path) -> None:
    """Add a box that players skip, so that the file has `FILE_BYTES`.

    Source: ISO/IEC 14496-12, section 8.1.2: a box is its length, its type and that many bytes in all.
    """
    missing = FILE_BYTES - path.stat().st_size
    with path.open("ab") as file:
        file.write(missing.to_bytes(4, "big") + b"free" + bytes(missing - 8))


def _frame(picture_HWC: NDArray[np.uint8] | None) -> av.VideoFrame | None:
    return None if picture_HWC is None else av.VideoFrame.from_ndarray(picture_HWC, format="rgb24")


def _normal(packet: Any) -> bytes:
    """Give the packet with start codes of four bytes only: the file's length prefixes have four."""
    return _START + _START.join(part for part in _ANY_START.split(bytes(packet)) if part)


def _filler(num_bytes: int) -> bytes:
    return _START + bytes([_FILLER]) + b"\xff" * (num_bytes - _SMALLEST_FILLER) + b"\x80"


def _replaced(packet: Any, content: bytes) -> Any:
    """Give a packet of other content at the same place in time."""
    replaced = av.Packet(content)
    replaced.pts, replaced.dts, replaced.duration = packet.pts, packet.dts, packet.duration
    replaced.time_base, replaced.stream = packet.time_base, packet.stream
    replaced.is_keyframe = packet.is_keyframe
    return replaced
