"""Judge whole videos: decode on one thread while the model computes on another.

Shapes: N framesets of a minibatch, F framesets judged, L = 17 labels.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cakelens.backends import Backend, Precision, make_runner
from cakelens.data_types import Label, Verdict, standard_errors
from cakelens.decoding import VideoReader, stack_framesets
from cakelens.errors import CakeLensError
from cakelens.framesets import sampled_indices, spread_order
from cakelens.model import Model
from cakelens.prefetch import prefetched

__all__ = ["Detector", "Label", "Progress", "Verdict", "detect_device"]


class DeviceMissing(CakeLensError):
    """A device that this machine or this build of torch does not have."""


logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
_AHEAD = 2  # minibatches decoded ahead: enough to overlap, and memory stays flat
_CONFIDENCE = 1.96  # the 95% interval of a normal mean


@dataclass(frozen=True, slots=True)
class _Minibatch:
    indices: list[int]
    starts_seconds: list[float]
    frames_NCTHW: Tensor


class Detector:
    """Judge videos with `model`.

    `device` None takes the best there is; `precision="auto"` takes bf16 where that is fast. `backend`
    overrides the choice of `cakelens.backends`.
    """

    def __init__(
        self,
        model: Model,
        batch_size: int = 1,
        device: str | None = None,
        precision: Precision = "fp32",
        backend: Backend | None = None,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be >= 1, got {batch_size}")
        self.batch_size = batch_size
        self.device = device or detect_device()
        self.precision = precision
        self.model = _on_device(model, self.device).eval()
        self.run = make_runner(self.model, self.device, precision, backend)

    def detect(
        self,
        video_filepath: Path | str,
        framesets: int | Literal["all"] = "all",
        *,
        stop_threshold: float | None = None,
        on_frameset: Progress | None = None,
    ) -> Verdict:
        """Judge one video by all its framesets, or by a sample of so many, evenly spread.

        With `stop_threshold` a sample ends early once AI_GEN's 95% interval lies on one side of it.
        `on_frameset(done, total)` is called after each minibatch.

        Raises:
            UnreadableVideo: The file holds no video that can be decoded, or breaks off.
        """
        reader = VideoReader(video_filepath, self.model.config)
        chosen = _chosen(reader.num_framesets, framesets)
        indices: list[int] = []
        starts: list[float] = []
        rows: list[NDArray[np.float32]] = []
        for minibatch in prefetched(self._minibatches(reader, chosen), ahead=_AHEAD):
            rows.append(self._judge(minibatch.frames_NCTHW))
            indices += minibatch.indices
            starts += minibatch.starts_seconds
            if on_frameset is not None:
                on_frameset(len(indices), len(chosen))
            if _is_settled(np.concatenate(rows), reader.num_framesets, stop_threshold):
                break
        return _verdict(reader, Path(video_filepath), indices, starts, np.concatenate(rows))

    def _minibatches(self, reader: VideoReader, chosen: list[int]) -> Iterator[_Minibatch]:
        for begin in range(0, len(chosen), self.batch_size):
            parts = list(reader.framesets(chosen[begin : begin + self.batch_size]))
            yield _Minibatch(
                [index for index, _, _ in parts],
                [start for _, start, _ in parts],
                stack_framesets([frames_CTHW for _, _, frames_CTHW in parts]),
            )

    @torch.inference_mode()
    def _judge(self, frames_NCTHW: Tensor) -> NDArray[np.float32]:
        logits_NL = self.run(frames_NCTHW.to(self.device))
        scores_NL: NDArray[np.float32] = logits_NL.float().sigmoid().cpu().numpy()
        return scores_NL


def detect_device() -> str:
    """Name the best device torch can use here; ROCm answers to "cuda"."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _on_device(model: Model, device: str) -> Model:
    """Move `model`.

    Raises:
        DeviceMissing: torch does not know the device, or the machine does not have it.
    """
    try:
        return model.to(device)
    except (RuntimeError, AssertionError) as exc:  # torch raises either, by device
        raise DeviceMissing(f"device {device!r} cannot be used here: {str(exc).splitlines()[0]}") from exc


def _chosen(total: int, framesets: int | Literal["all"]) -> list[int]:
    """Pick framesets; a sample comes in an order whose every beginning is spread over the clip."""
    if framesets == "all" or framesets >= total:
        return list(range(total))
    sample = sampled_indices(total, framesets)
    return [sample[position] for position in spread_order(len(sample))]


def _is_settled(scores_FL: NDArray[np.float32], total: int, threshold: float | None) -> bool:
    """Tell whether AI_GEN's 95% interval has cleared `threshold`; never before four framesets."""
    if threshold is None or len(scores_FL) < 4:
        return False
    error = standard_errors(scores_FL, total)[0]
    return abs(float(scores_FL[:, 0].mean()) - threshold) > _CONFIDENCE * error


def _verdict(
    reader: VideoReader, path: Path, indices: list[int], starts: list[float], scores_FL: NDArray[np.float32]
) -> Verdict:
    order = np.argsort(indices)
    is_all = len(indices) == reader.num_framesets
    return Verdict(
        video_filepath=path,
        frame_count=reader.num_frames,
        predictions=[float(value) for value in scores_FL.mean(axis=0)],
        standard_errors=standard_errors(scores_FL, reader.num_framesets),
        frameset_starts_seconds=[starts[position] for position in order],
        frameset_scores_FL=scores_FL[order],
        frameset_indices=[indices[position] for position in order],
        num_framesets=reader.num_framesets,
        mode="all" if is_all else f"sampled {len(indices)}",
    )
