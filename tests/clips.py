"""Tiny h264 clips for tests."""

from pathlib import Path

import av
import numpy as np


def make_clip(
    path: Path, *, num_frames: int = 12, width: int = 64, height: int = 48, fps: int = 12, seed: int = 0
) -> Path:
    """Write a clip of coloured blocks moving two pixels a frame; the same arguments give the same bytes."""
    blocks = np.random.default_rng(seed).integers(
        0, 256, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8
    )
    image_HWC = blocks.repeat(8, axis=0).repeat(8, axis=1)[:height, :width]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "threads": "1"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(num_frames):
            shifted_HWC = np.ascontiguousarray(np.roll(image_HWC, 2 * index, axis=1))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shifted_HWC, format="rgb24")))
        container.mux(stream.encode())
    return path
