"""What TensorBoard and MLflow are given, read back from their own files."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from training.batches.rows import ManifestRow
from training.config import TrainConfig
from training.evaluate import VideoScore
from training.learning.logs import LogsMissing, logs_of
from training.loop import Pace, StepReport

ClipRows = Callable[..., tuple[list[ManifestRow], Path]]
pytestmark = pytest.mark.slow


def step(number: int, loss: float | None = 0.5) -> StepReport:
    return StepReport(number, 9, 0, loss, 0.001, Pace(3.0, 0.25, 12.0, 10**9))


@pytest.fixture
def scores(clip_rows: ClipRows) -> list[VideoScore]:
    """Two videos judged right, two judged wrong."""
    rows, _ = clip_rows("validation", "validation", "validation", "validation")
    return [VideoScore(row, (said,) * 17) for row, said in zip(rows, (0.1, 0.9, 0.8, 0.3), strict=True)]


@pytest.fixture
def log(tmp_path: Path, clip_rows: ClipRows, scores: list[VideoScore]) -> Callable[..., EventAccumulator]:
    """`log(steps, start=0)` logs those steps and one validation, and reads the files."""

    def make(*steps: StepReport, start: int = 0) -> EventAccumulator:
        _, media_dir = clip_rows("validation", "validation", "validation", "validation")
        with logs_of(tmp_path / "logs", TrainConfig(), media_dir, start=start, name="v5.0-tiny") as logs:
            for one in steps:
                logs.step(one)
            logs.judged(steps[-1].step, scores)
        return EventAccumulator(str(tmp_path / "logs")).Reload()

    return make


Log = Callable[..., EventAccumulator]


def test_steps_are_curves(log: Log) -> None:
    found = log(step(1), step(2, None), step(3, 0.25))

    assert [(one.step, one.value) for one in found.Scalars("train/loss")] == [(1, 0.5), (3, 0.25)]
    assert [one.value for one in found.Scalars("train/data_wait_share")] == [0.25] * 3
    assert found.Scalars("train/memory_gb")[0].value == 1.0


def test_validation_has_a_curve_for_each_measured_label(log: Log) -> None:
    found = log(step(1))

    assert found.Scalars("validation/auc/AI_GEN")[0].value == 0.75
    assert "validation/AI_GEN" in found.Tags()["tensors"]
    assert "validation/KLING" not in found.Tags()["tensors"]


def test_clips_judged_right_and_wrong_are_shown(log: Log) -> None:
    found = log(step(1))

    assert found.Tags()["images"] == [
        "validation/right/1",
        "validation/right/2",
        "validation/wrong/1",
        "validation/wrong/2",
    ]


def test_steps_done_again_after_a_resume_are_forgotten(log: Log) -> None:
    log(step(1), step(2), step(3, 9.0))

    found = log(step(3, 0.25), start=2)

    assert [(one.step, one.value) for one in found.Scalars("train/loss")] == [(1, 0.5), (2, 0.5), (3, 0.25)]


def test_mlflow_gets_the_same_numbers(log: Log, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "mlruns").as_uri())
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "mlruns").as_uri())

    log(step(1), step(2, 0.25))

    (run,) = mlflow.search_runs(experiment_names=["cakelens"], output_format="list")
    assert (run.info.run_name, run.data.params["preset"]) == ("v5.0-tiny", "tiny")
    assert run.data.metrics["train/loss"] == 0.25


def test_mlflow_that_is_set_and_not_installed_is_said(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "mlflow", None)

    with pytest.raises(LogsMissing, match=r"mlflow is not installed. Run `pip install mlflow-skinny`"):
        log(step(1))
