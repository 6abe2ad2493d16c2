"""Decode framesets; the only user of torchcodec.

Shapes: N framesets, C = 3 channels, T = 9 frames, H and W the window.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cakelens.config import V5, ModelConfig
from cakelens.errors import CakeLensError
from cakelens.framesets import frame_range, num_framesets
from cakelens.transforms import as_frameset


class UnreadableVideo(CakeLensError):
    """A file that holds no video we can decode. The message names the file and the reason."""


class DecoderMissing(CakeLensError):
    """torchcodec, or the FFmpeg libraries it needs, could not be loaded."""


class VideoReader:
    """Read framesets of one video as a model of `config` wants them: uint8, cut or padded to its window.

    Sizes are those of the decoded, already rotated picture; `num_frames` counts frames, not seconds,
    so variable frame rates are read as they are.

    Raises:
        UnreadableVideo: Missing, not a file, not a video, or without a single decodable frame.
        DecoderMissing: torchcodec or FFmpeg cannot be loaded here.
    """

    def __init__(self, path: Path | str, config: ModelConfig = V5) -> None:
        self.path = Path(path)
        self.config = config
        self._decoder = _open(self.path)
        metadata = self._decoder.metadata
        self.num_frames: int = metadata.num_frames or 0
        if self.num_frames == 0:
            raise UnreadableVideo(f"{self.path}: holds no video frames")
        first_CHW = self.frames_TCHW(range(1))[0]
        self.height, self.width = first_CHW.shape[1:]
        self.fps: float = metadata.average_fps or 0.0
        self.duration_seconds: float = metadata.duration_seconds or 0.0

    @property
    def num_framesets(self) -> int:
        return num_framesets(self.num_frames)

    def start_seconds(self, index: int) -> float:
        """Give the time at which frameset `index` begins."""
        first = frame_range(index, self.num_frames).start
        with _unreadable(self.path):
            return float(self._decoder.get_frame_at(first).pts_seconds)

    def frameset_NCTHW(  # noqa: N802  # the shape is the name
        self, indices: Iterable[int]
    ) -> Tensor:
        """Decode these framesets into one uint8 tensor."""
        return stack_framesets([frameset_CTHW for _, _, frameset_CTHW in self.framesets(indices)])

    def framesets(self, indices: Iterable[int] | None = None) -> Iterator[tuple[int, float, Tensor]]:
        """Yield index, starting time in seconds and frames (3, 9, H, W) of each frameset, all by default."""
        for index in range(self.num_framesets) if indices is None else indices:
            frames = frame_range(index, self.num_frames)
            with _unreadable(self.path, where=f"breaks off at frame {frames.start}"):
                batch = self._decoder.get_frames_in_range(frames.start, frames.stop)
            yield index, float(batch.pts_seconds[0]), as_frameset(batch.data, self.config)

    def frames_TCHW(self, frames: range) -> Tensor:  # noqa: N802  # the shape is the name
        """Decode these frames whole, neither cut nor padded: what training crops at random."""
        with _unreadable(self.path):
            pictures: Tensor = self._decoder.get_frames_in_range(frames.start, frames.stop).data
        return pictures


def stack_framesets(framesets_CTHW: list[Tensor]) -> Tensor:
    """Give framesets (N, 3, 9, H, W) as one tensor that lies in memory as the decoder's pictures do.

    A copy in the decoder's order is six times lighter than one that sorts the colours into planes, and
    without a copy a minibatch that waits would keep whole decoded pictures alive behind its window.
    """
    stacked_NTHWC = torch.stack([frames_CTHW.permute(1, 2, 3, 0) for frames_CTHW in framesets_CTHW])
    return stacked_NTHWC.permute(0, 4, 1, 2, 3)


@contextmanager
def _unreadable(path: Path, where: str = "") -> Iterator[None]:
    """Turn the decoder's errors about `path` into ours."""
    try:
        yield
    except (RuntimeError, ValueError, IndexError) as exc:
        if "Could not load libtorchcodec" in str(exc):  # it loads FFmpeg at the first video, not at import
            raise DecoderMissing(_NO_FFMPEG) from exc
        reason = f"{where} ({_reason(exc)})" if where else _reason(exc)
        raise UnreadableVideo(f"{path}: {reason}") from exc


def _open(path: Path) -> Any:
    _check_file(path)
    decoder_class = _decoder_class()
    with _unreadable(path):
        return decoder_class(str(path))


def _check_file(path: Path) -> None:
    if not path.exists():
        raise UnreadableVideo(f"{path}: no such file")
    if path.is_dir():
        raise UnreadableVideo(f"{path}: is a directory, not a video")
    try:
        with path.open("rb") as file:
            first = file.read(1)
    except OSError as exc:
        raise UnreadableVideo(f"{path}: cannot be read ({exc.strerror})") from exc
    if not first:
        raise UnreadableVideo(f"{path}: is empty (0 bytes)")


def _decoder_class() -> Any:
    try:
        from torchcodec import decoders
    except ImportError as exc:
        raise DecoderMissing("torchcodec is not installed; run `pip install cakelens[torch]`") from exc
    except (OSError, RuntimeError) as exc:
        raise DecoderMissing(_NO_FFMPEG) from exc
    return decoders.VideoDecoder  # type: ignore[attr-defined]  # not re-exported explicitly


_NO_FFMPEG = "torchcodec found no FFmpeg libraries; install FFmpeg, or put its libraries on LD_LIBRARY_PATH"
_REASONS = {
    "Invalid data found": "not a video, or damaged beyond reading",
    "moov atom not found": "truncated: its index (moov) is missing",
    "No valid stream": "holds no video stream",
    "best video stream is unknown": "holds no video stream",
    "no more frames": "damaged or truncated",
}


def _reason(error: BaseException) -> str:
    """Give one short line for the decoder's message, without source locations."""
    message = str(error)
    for sign, reason in _REASONS.items():
        if sign in message:
            return reason
    last = message.strip().splitlines()[0].split(".cpp:")[-1]
    return f"cannot be decoded ({last.partition(', ')[2] or last})"
