"""Does it learn? On clips that only their motion tells apart, and never from labels that mean nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from training.batches.manifest import Manifest, canonical_digest
from training.batches.rows import ManifestRow
from training.config import preset
from training.learning.outcome import TrainResult
from training.learning.trainer import Trainer

SyntheticRows = Callable[..., tuple[list[ManifestRow], Path]]
SHORT = [pytest.mark.slow, pytest.mark.timeout(300)]
LONG = [pytest.mark.nightly, pytest.mark.timeout(900)]


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., TrainResult]:
    """`train(rows, media_dir)` is what `tiny` learns from the rows; `steps` shortens it."""

    def make(rows: list[ManifestRow], media_dir: Path, *, steps: int | None = None) -> TrainResult:
        manifest = Manifest("v5.0", canonical_digest(rows), tuple(rows))
        trainer = Trainer(preset("tiny", steps=steps), manifest, media_dir, tmp_path / "run")
        list(trainer.run())
        assert trainer.result is not None
        return trainer.result

    return make


Train = Callable[..., TrainResult]


@pytest.mark.parametrize(
    ("count", "steps", "least_auc"),
    [pytest.param(80, 30, 0.8, marks=SHORT), pytest.param(200, None, 0.95, marks=LONG)],
)
def test_tiny_learns_what_only_motion_tells(
    train: Train, synthetic_rows: SyntheticRows, count: int, steps: int | None, least_auc: float
) -> None:
    result = train(*synthetic_rows(count), steps=steps)

    assert result.ai_gen["auc"] >= least_auc
    assert result.baseline["auc"] == pytest.approx(0.5, abs=0.1)
    assert result.loss_last < result.loss_first


@pytest.mark.parametrize(
    ("count", "steps", "spread"),
    [pytest.param(80, 30, 0.2, marks=SHORT), pytest.param(200, None, 0.1, marks=LONG)],
)
def test_labels_that_mean_nothing_teach_nothing(
    train: Train, synthetic_rows: SyntheticRows, count: int, steps: int | None, spread: float
) -> None:
    result = train(*synthetic_rows(count, is_shuffled=True), steps=steps)

    assert result.ai_gen["auc"] == pytest.approx(0.5, abs=spread)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_v6_learns_it_too_from_as_little(synthetic_rows: SyntheticRows, tmp_path: Path) -> None:
    """Against v5 it stands in bench/learning.py, which takes most of an hour on a CPU."""
    rows, media_dir = synthetic_rows(160)
    manifest = Manifest("v5.0", canonical_digest(rows), tuple(rows))
    small = {"window": 128, "steps": 48, "minibatch_size": 8, "validate_every": 16, "eval_framesets": 2}
    config = preset("v6", **small, num_workers=0, resize=False, compress=0.0, ema_decay=0.9)

    trainer = Trainer(config, manifest, media_dir, tmp_path / "run")
    list(trainer.run())

    assert trainer.result is not None
    assert trainer.result.ai_gen["auc"] >= 0.8
