"""Measure a registered model on a batch's frozen test split: numbers, a page of Markdown, pictures."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from inference.models import ModelVersion
from labeling import storage
from training import runs
from training.evaluating import measurements
from training.evaluating.report import markdown
from training.models import TrainingBatch

if TYPE_CHECKING:
    from training.batches.manifest import Manifest
    from training.dataset import Unreadable
    from training.evaluate import VideoScore
    from training.learning.reports import StageReport


class EvaluationError(Exception):
    """A model cannot be measured on a batch; the message says why and what to do."""


@dataclass(slots=True)
class Evaluation:
    """One measurement: run it, then read `found` and `folder`."""

    model: ModelVersion
    batch: TrainingBatch
    framesets: int = 8
    device: str | None = None
    with_ladder: bool = False
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return Path(settings.VAR_DIR) / "evaluations" / f"{self.model.slug}-on-{self.batch.slug}"

    def run(self) -> "Generator[StageReport, None, None]":
        """Judge validation and test, write the files, and record the numbers with the model.

        Raises:
            EvaluationError: Nothing to test on.
            RunError: The manifest is missing or altered.
            CakeLensError: The weights cannot be used.
        """
        from cakelens.weights import load_model
        from training.config import TrainConfig
        from training.learning.judging import Judge

        manifest = runs.manifest_of(self.batch)
        if not manifest.of_split("test"):
            raise EvaluationError(
                f"Batch {self.batch.slug} has no test video. Label more, then export again."
            )
        media_dir = runs.local_media(manifest)
        model = load_model(storage.local_copy(self.model.weights_name))
        judge = Judge(media_dir, TrainConfig(eval_framesets=self.framesets), _device(self.device))
        validation = _readable((yield from judge.judge(model, "validation", manifest.of_split("validation"))))
        test = _readable((yield from judge.judge(model, "test", manifest.of_split("test"))))
        self.found = _numbers(manifest, validation, test) | {"framesets": self.framesets}
        if self.with_ladder:
            self.found["ladder"] = list(self._ladder(model, manifest, media_dir))
        measurements.record(self.model, self.batch.slug, self.found)
        self._write(test)

    def _ladder(self, model: Any, manifest: "Manifest", media_dir: Path) -> Iterator[dict[str, Any]]:
        from cakelens.detect import Detector
        from training.evaluate import evaluate
        from training.evaluating.ladder import RUNGS, score_rung

        detector = Detector(model, batch_size=self.framesets, device=_device(self.device))
        rows = manifest.of_split("test")
        for quality in RUNGS:
            judged = score_rung(detector, rows, media_dir, quality=quality, framesets=self.framesets)
            numbers = evaluate(_readable(judged), {})
            ai_gen = numbers["labels"]["AI_GEN"]
            yield {"quality": quality, "num_videos": numbers["num_videos"]} | {
                name: ai_gen[name] for name in ("auc", "auc_interval")
            }

    def _write(self, test: "list[VideoScore]") -> None:
        from training.evaluating.pictures import draw
        from training.learning.outcome import write_json

        write_json(self.folder / "metrics.json", self.found)
        (self.folder / "report.md").write_text(markdown(self.model.slug, self.batch.slug, self.found))
        draw(test, self.found["thresholds"], self.folder)


def _numbers(
    manifest: "Manifest", validation: "list[VideoScore]", test: "list[VideoScore]"
) -> dict[str, Any]:
    from training.evaluate import detailed, thresholds_of
    from training.evaluating.baseline import metadata_baseline

    thresholds, train = thresholds_of(validation), manifest.of_split("train")
    return {
        "thresholds": thresholds,
        "test": detailed(test, thresholds, train),
        "baseline": metadata_baseline(train, [score.row for score in test]),
    }


def _readable(
    judged: "Iterator[VideoScore | Unreadable] | list[VideoScore | Unreadable]",
) -> "list[VideoScore]":
    from training.evaluate import VideoScore

    return [one for one in judged if isinstance(one, VideoScore)]


def _device(name: str | None) -> str:
    from cakelens.detect import detect_device

    return name or detect_device()
