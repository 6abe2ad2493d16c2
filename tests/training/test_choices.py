"""The choices of a run, each in a whole run on real clips."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from cakelens import weights
from cakelens.labels import Label
from training.batches.manifest import Manifest, canonical_digest
from training.batches.rows import ManifestRow
from training.config import TrainConfig
from training.learning.trainer import Trainer, TrainingError
from training.loop import StepReport

ClipRows = Callable[..., tuple[list[ManifestRow], Path]]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("small_tiny")]
SPLITS = ("train",) * 5 + ("validation",) * 2 + ("test",) * 2
CONFIG = TrainConfig(
    steps=4,
    minibatch_size=2,
    eval_framesets=1,
    checkpoint_every=2,
    validate_every=4,
    learning_rate=0.01,
    precision="fp32",
    device="cpu",
)


@pytest.fixture
def train(clip_rows: ClipRows, tmp_path: Path) -> Callable[..., Trainer]:
    """`train("folder", ema_decay=0.9, …)` is a trainer whose losses `losses()` gives."""

    def make(folder: str, *, resume: bool = False, maker: Label | None = None, **choices: object) -> Trainer:
        rows, media_dir = clip_rows(*SPLITS)
        if maker is not None:
            rows = [made_by(maker, row) for row in rows]
        manifest = Manifest("v5.0", canonical_digest(rows), tuple(rows))
        config = replace(CONFIG, **choices)  # type: ignore[arg-type]  # as given
        return Trainer(config, manifest, media_dir, tmp_path / folder, resume=resume)

    return make


Train = Callable[..., Trainer]


def made_by(maker: Label, row: ManifestRow) -> ManifestRow:
    return replace(row, labels={**row.labels, maker: row.labels[Label.AI_GEN]})


def losses(trainer: Trainer, stop_after: int | None = None) -> list[float | None]:
    seen = []
    for report in trainer.run():
        if isinstance(report, StepReport):
            seen.append(report.loss)
            if report.step == stop_after:
                trainer.stop()
    return seen


def weights_of(trainer: Trainer) -> dict[str, torch.Tensor]:
    return weights.load_model(trainer.weights_path).state_dict()


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def test_recomputation_changes_no_loss(train: Train) -> None:
    plain, recomputed = losses(train("plain")), losses(train("recomputed", recompute=True))

    assert recomputed == pytest.approx(plain, abs=1e-6)


def test_mean_weights_are_judged_and_saved_and_change_no_loss(train: Train) -> None:
    plain, mean = train("plain"), train("mean", ema_decay=0.9)

    assert losses(mean) == losses(plain)

    assert not same(weights_of(mean), weights_of(plain))


def test_mean_weights_continue_exactly(train: Train) -> None:
    whole = train("whole", ema_decay=0.9)
    losses(whole)
    losses(train("stopped", ema_decay=0.9), stop_after=2)

    resumed = train("stopped", ema_decay=0.9, resume=True)
    losses(resumed)

    assert same(weights_of(resumed), weights_of(whole))


def test_balanced_weights_change_the_loss(train: Train) -> None:
    assert losses(train("plain")) != losses(train("balanced", label_weights="balanced"))


def test_augmented_run_continues_exactly(train: Train) -> None:
    choices = {"resize": True, "compress": 0.5, "label_weights": "balanced", "accumulate": 2}
    whole = losses(train("whole", **choices))
    before = losses(train("stopped", **choices), stop_after=2)

    assert before + losses(train("stopped", resume=True, **choices)) == whole


def test_held_out_generator_is_reported_and_was_not_trained_on(train: Train) -> None:
    trainer = train("run", maker=Label.KLING, hold_out="KLING")

    losses(trainer)

    assert trainer.result is not None
    parts = {(part["kind"], part["name"]): part for part in trainer.result.test["slices"]}
    assert parts["generator", "KLING"]["positives"] == 1
    assert trainer.result.validation["labels"]["KLING"]["positives"] == 0


def test_sample_that_does_not_fit_into_memory_is_said(train: Train) -> None:
    trainer = train("run", minibatch_size=1, window=2**20)  # 30 TB a sample

    with pytest.raises(TrainingError, match=r"Not even one sample of tiny fits into the memory of cpu"):
        losses(trainer)


def test_minibatch_that_does_not_fit_says_how_to_make_it_smaller(train: Train) -> None:
    trainer = train("run", window=2**20)

    with pytest.raises(TrainingError, match=r"smaller --minibatch-size, and --accumulate as many times more"):
        losses(trainer)


@pytest.mark.nightly  # a compiler at work
def test_compiled_model_gives_the_same_losses(train: Train) -> None:
    assert losses(train("compiled", compile=True)) == pytest.approx(losses(train("plain")), abs=1e-4)
