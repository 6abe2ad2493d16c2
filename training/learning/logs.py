"""What a run writes for people to look at while it goes on: TensorBoard's files, and MLflow where it is set.

TensorBoard's are in the run's folder: `tensorboard --logdir runs/v5.0-v6/logs`. MLflow's own client writes to
`MLFLOW_TRACKING_URI` where that is set. Loads no Django.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from cakelens.decoding import UnreadableVideo, VideoReader
from cakelens.framesets import FRAMES
from cakelens.labels import V5_LABELS, Label
from training.config import TrainConfig
from training.evaluate import VideoScore, evaluate
from training.loop import StepReport

EXAMPLES = 2  # clips that the model is surest of, right and wrong


class LogsMissing(RuntimeError):
    """A tracker was asked for whose client is not installed."""


class Logs:
    """The logs of one run. `start` is the step it goes on from: what was logged after it is forgotten."""

    def __init__(self, folder: Path, config: TrainConfig, media_dir: Path, *, start: int, name: str) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.media_dir = media_dir
        self._writer = SummaryWriter(str(folder), purge_step=start + 1 if start else None)
        self._mlflow = _mlflow(config, name)

    def step(self, report: StepReport) -> None:
        """Log what a step reported."""
        numbers = {
            "train/learning_rate": report.learning_rate,
            "train/samples_per_second": report.pace.samples_per_second,
            "train/data_wait_share": report.pace.data_wait_share,
            "train/memory_gb": report.pace.memory_bytes / 1e9,
        }
        self._numbers(numbers | ({} if report.loss is None else {"train/loss": report.loss}), report.step)

    def judged(self, step: int, scores: Sequence[VideoScore]) -> None:
        """Log a validation: numbers and a curve per label, and clips that were judged right and wrong."""
        labels = evaluate(scores, {})["labels"]
        measured = {name: numbers for name, numbers in labels.items() if numbers["reason"] is None}
        for name in measured:
            targets_V, scores_V = _of_label(scores, Label(name))
            self._writer.add_pr_curve(f"validation/{name}", targets_V, scores_V, step)
        self._numbers({f"validation/auc/{name}": found["auc"] for name, found in measured.items()}, step)
        for tag, score in _examples(scores):
            self._clip(f"validation/{tag}", score, step)

    def close(self) -> None:
        self._writer.close()
        if self._mlflow is not None:
            self._mlflow.end_run()

    def _numbers(self, numbers: dict[str, float], step: int) -> None:
        for name, value in numbers.items():
            self._writer.add_scalar(name, value, step)
        if self._mlflow is not None:
            self._mlflow.log_metrics(numbers, step=step)

    def _clip(self, tag: str, score: VideoScore, step: int) -> None:
        """Show nine frames of a video side by side; one that no longer decodes is left out."""
        try:
            reader = VideoReader(self.media_dir / score.row.best_variant.name)
            frames_TCHW = reader.frames_TCHW(range(min(FRAMES, reader.num_frames)))
        except UnreadableVideo:
            return
        from torchvision.utils import make_grid

        self._writer.add_image(tag, make_grid(frames_TCHW, nrow=3), step)
        self._writer.add_text(tag, f"{score.row.video}: AI_GEN {score.ai_gen:.3f}", step)


@contextmanager
def logs_of(folder: Path, config: TrainConfig, media_dir: Path, *, start: int, name: str) -> Iterator[Logs]:
    """Give the logs of a run until the block ends.

    Raises:
        LogsMissing: MLflow is set and not installed.
    """
    logs = Logs(folder, config, media_dir, start=start, name=name)
    try:
        yield logs
    finally:
        logs.close()


def _mlflow(config: TrainConfig, name: str) -> Any:
    """Start a run with MLflow's own client where `MLFLOW_TRACKING_URI` is set, else give None."""
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        return None
    try:
        mlflow: Any = import_module("mlflow")  # no dependency of ours: whoever has a server has the client
    except ImportError as exc:
        remedy = "Run `pip install mlflow-skinny`, or unset it."
        raise LogsMissing(f"MLFLOW_TRACKING_URI is set, but mlflow is not installed. {remedy}") from exc
    mlflow.set_experiment("cakelens")
    mlflow.start_run(run_name=name)
    mlflow.log_params(config.to_dict())
    return mlflow


def _examples(scores: Sequence[VideoScore]) -> Iterator[tuple[str, VideoScore]]:
    """Yield the videos that the model is surest of, those it has right and those it has wrong."""
    surest = sorted(scores, key=lambda score: -abs(score.ai_gen - 0.5))
    for tag, is_wanted in (("right", True), ("wrong", False)):
        found = [score for score in surest if _is_right(score) == is_wanted]
        yield from ((f"{tag}/{number}", score) for number, score in enumerate(found[:EXAMPLES], 1))


def _is_right(score: VideoScore) -> bool:
    return (score.ai_gen >= 0.5) == score.row.labels[Label.AI_GEN]


def _of_label(scores: Sequence[VideoScore], label: Label) -> tuple[np.ndarray, np.ndarray]:
    judged = [score for score in scores if score.row.labels.get(label) is not None]
    place = V5_LABELS.index(label)
    targets_V = np.array([score.row.labels[label] for score in judged], dtype=np.int64)
    return targets_V, np.array([score.probabilities[place] for score in judged])
