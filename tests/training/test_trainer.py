import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import pytest
import torch

from cakelens import weights
from cakelens.config import PRESETS, TINY, ModelConfig
from cakelens.model import Model
from training import loop
from training.batches.manifest import Manifest, canonical_digest, write_manifest
from training.batches.rows import ManifestRow
from training.checkpoints import CheckpointError
from training.config import TrainConfig
from training.learning.trainer import StageReport, Trainer, TrainingError
from training.loop import StepReport

MakeRow = Callable[..., ManifestRow]
ClipRows = Callable[..., tuple[list[ManifestRow], Path]]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("small_tiny")]
SPLITS = ("train",) * 5 + ("validation",) * 2 + ("test",) * 2
CONFIG = TrainConfig(steps=6, minibatch_size=2, eval_framesets=1, checkpoint_every=2, learning_rate=0.01)


@pytest.fixture
def trainer(clip_rows: ClipRows, tmp_path: Path) -> Callable[..., Trainer]:
    """`trainer(splits=…, config=…, resume=…)` trains on real clips, by default in the folder `run`."""

    def make(
        splits: Sequence[str] = SPLITS, config: TrainConfig = CONFIG, folder: str = "run", **options: object
    ) -> Trainer:
        rows, media_dir = clip_rows(*splits)
        manifest = Manifest("v5.0", canonical_digest(rows), tuple(rows))
        return Trainer(config, manifest, media_dir, tmp_path / folder, **options)  # type: ignore[arg-type]

    return make


MakeTrainer = Callable[..., Trainer]


def losses(trainer: Trainer, stop_after: int | None = None) -> dict[int, float | None]:
    """Run to the end, or as if stopped by a signal in a step."""
    seen = {}
    for report in trainer.run():
        if isinstance(report, StepReport):
            seen[report.step] = report.loss
            if report.step == stop_after:
                trainer.stop()
    return seen


def test_run_gives_weights_numbers_and_a_baseline(trainer: MakeTrainer, tmp_path: Path) -> None:
    run = trainer(slug="v5-0-tiny-1")

    seen = losses(run)

    result = run.result
    assert result is not None
    assert list(seen) == [1, 2, 3, 4, 5, 6]
    assert (result.loss_first, result.loss_last) == (seen[1], seen[6])
    assert result.chosen_by == "AUC of AI_GEN on 2 validation videos"
    assert (result.ai_gen["positives"], result.ai_gen["negatives"]) == (1, 1)
    assert result.baseline["reason"] is None
    assert json.loads((tmp_path / "run" / "metrics.json").read_text()) == result.to_dict()
    assert weights.read_metadata(result.weights)["cakelens_slug"] == "v5-0-tiny-1"
    assert weights.load_model(result.weights).config.window == 32


def test_stages_are_reported_to_their_end(trainer: MakeTrainer) -> None:
    stages = [report for report in trainer().run() if isinstance(report, StageReport)]

    ends = {report.stage: (report.done, report.total) for report in stages}
    assert ends == {"files": (9, 9), "validation": (2, 2), "test": (2, 2)}


@pytest.mark.parametrize("stop_after", [1, 3, 6])
def test_stopped_run_continues_exactly(trainer: MakeTrainer, stop_after: int) -> None:
    whole_run, stopped_run = trainer(folder="whole"), trainer()
    whole, before = losses(whole_run), losses(stopped_run, stop_after)

    resumed_run = trainer(resume=True)
    after = losses(resumed_run)

    assert stopped_run.result is None
    assert before | after == whole
    assert list(after) == list(range(stop_after + 1, 7))
    assert resumed_run.result is not None
    assert whole_run.result is not None
    assert resumed_run.result.test == whole_run.result.test
    assert same_weights(resumed_run.weights_path, whole_run.weights_path)


def same_weights(path: Path, other: Path) -> bool:
    one, two = (weights.load_model(each).state_dict() for each in (path, other))
    return all(torch.equal(one[name], two[name]) for name in one)


def test_killed_run_continues_from_its_last_checkpoint(trainer: MakeTrainer) -> None:
    whole = losses(trainer(folder="whole"))
    reports = trainer().run()
    for report in reports:
        if isinstance(report, StepReport) and report.step == 5:
            reports.close()  # nothing more is done, as after kill -9
            break

    after = losses(trainer(resume=True))

    assert after == {step: loss for step, loss in whole.items() if step > 4}


KILLED = """
import os, signal, sys
from pathlib import Path
from training.config import TrainConfig
from training.loop import StepReport
from training.batches.manifest import read_manifest
from training.learning.trainer import Trainer

manifest, media_dir, out_dir = map(Path, sys.argv[1:])
config = TrainConfig(steps=6, minibatch_size=2, eval_framesets=1, checkpoint_every=2, learning_rate=0.01)
for report in Trainer(config, read_manifest(manifest), media_dir, out_dir).run():
    if isinstance(report, StepReport) and report.step == 4:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_run_killed_by_the_system_continues_exactly(
    trainer: MakeTrainer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(PRESETS, "tiny", TINY)  # the other process knows no smaller one
    whole_run, resumed_run = trainer(folder="whole"), trainer(resume=True)
    manifest = resumed_run.manifest
    write_manifest(
        manifest.rows, tmp_path / "m", slug="v5.0", digest=manifest.digest, filters={}, created_at=""
    )
    whole = losses(whole_run)

    arguments = [tmp_path / "m", resumed_run.media_dir, tmp_path / "run"]
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], cwd=Path(__file__).parents[2])
    after = losses(resumed_run)

    assert killed.returncode == -signal.SIGKILL
    assert after == {step: loss for step, loss in whole.items() if step > 2}


def test_worker_processes_change_no_loss(trainer: MakeTrainer) -> None:
    alone = losses(trainer(folder="alone"))

    config = TrainConfig.from_dict(CONFIG.to_dict() | {"num_workers": 1})

    assert losses(trainer(config=config)) == alone


def test_other_batch_is_not_resumed(trainer: MakeTrainer) -> None:
    losses(trainer(), stop_after=2)

    with pytest.raises(CheckpointError, match="learned from other videos"):
        losses(trainer(splits=SPLITS[:-1], resume=True))


def test_other_config_is_not_resumed(trainer: MakeTrainer) -> None:
    losses(trainer(), stop_after=2)
    other = TrainConfig.from_dict(CONFIG.to_dict() | {"seed": 1})

    with pytest.raises(CheckpointError, match=r"another config \(seed 0, now 1\)"):
        losses(trainer(config=other, resume=True))


def test_run_is_not_begun_over_another(trainer: MakeTrainer) -> None:
    losses(trainer(), stop_after=2)

    with pytest.raises(TrainingError, match=r"run holds a run already. Use --resume, or another folder."):
        losses(trainer())


def test_nothing_to_resume_is_said(trainer: MakeTrainer) -> None:
    with pytest.raises(CheckpointError, match=r"holds no checkpoint. Start without --resume."):
        losses(trainer(resume=True))


def test_without_validation_the_last_weights_count(trainer: MakeTrainer) -> None:
    run = trainer(splits=["train"] * 3 + ["test"] * 2)

    losses(run)

    assert run.result is not None
    assert run.result.chosen_by == "nothing: no validation video, so the last weights count"
    assert run.result.best_step == 6
    assert run.result.thresholds["AI_GEN"] is None
    assert run.result.ai_gen["at_chosen"] is None


def test_validation_of_one_class_chooses_by_loss(trainer: MakeTrainer) -> None:
    run = trainer(splits=["train", "train", "validation", "test", "test"])

    losses(run)

    assert run.result is not None
    assert run.result.chosen_by == "loss on 1 validation video, all of one class of AI_GEN"


def test_without_a_test_split_every_number_is_missing_with_its_reason(trainer: MakeTrainer) -> None:
    run = trainer(splits=["train", "train", "validation"])

    losses(run)

    assert run.result is not None
    assert run.result.ai_gen["reason"] == "not judged on any video"
    assert run.result.baseline["reason"] == "AI_GEN in the test split: not judged on any video"


def test_batch_without_training_videos_is_refused(trainer: MakeTrainer) -> None:
    with pytest.raises(
        TrainingError, match=r"Batch v5.0 has no training video. Label more, then export again."
    ):
        losses(trainer(splits=["test"]))


def test_missing_file_ends_the_run_before_it_begins(
    trainer: MakeTrainer, make_row: MakeRow, tmp_path: Path
) -> None:
    run = trainer()
    rows = (*run.manifest.rows, make_row(99, variant={"name": "gone.mp4"}))
    run.manifest = Manifest("v5.0", canonical_digest(rows), rows)

    with pytest.raises(
        TrainingError, match=r"1 of 10 files is not as exported, first .*gone.mp4 \(missing\)"
    ) as caught:
        losses(run)

    assert str(caught.value).endswith(f"Run `manage.py fetch_batch --manifest URL --into {run.media_dir}`.")
    assert not (tmp_path / "run").exists()


def test_unreadable_video_is_counted_and_the_run_goes_on(
    trainer: MakeTrainer, make_row: MakeRow, tmp_path: Path
) -> None:
    run = with_broken_video(trainer(), make_row, tmp_path, "train")

    losses(run)

    assert run.result is not None
    assert list(run.result.unreadable) == ["0099/0"]
    assert "broken.mp4: not a video" in run.result.unreadable["0099/0"]
    assert run.result.num_skipped == 2  # six steps are two epochs of six videos


def test_unreadable_test_video_is_left_out_of_the_numbers(
    trainer: MakeTrainer, make_row: MakeRow, tmp_path: Path
) -> None:
    run = with_broken_video(trainer(), make_row, tmp_path, "test")

    losses(run)

    assert run.result is not None
    assert (run.result.test["num_videos"], list(run.result.unreadable)) == (2, ["0099/0"])


def with_broken_video(run: Trainer, make_row: MakeRow, tmp_path: Path, split: str) -> Trainer:
    """Add a file that is as exported, and no video."""
    media_dir = tmp_path / "media-with-broken"
    shutil.copytree(run.media_dir, media_dir)
    content = b"no video at all"
    (media_dir / "broken.mp4").write_bytes(content)
    row = make_row(
        99,
        split=split,
        variant={"name": "broken.mp4", "num_bytes": len(content), "sha256": sha256(content).hexdigest()},
    )
    rows = (*run.manifest.rows, row)
    return Trainer(run.config, Manifest("v5.0", canonical_digest(rows), rows), media_dir, run.out_dir)


def test_nothing_readable_ends_the_run(make_row: MakeRow, trainer: MakeTrainer, tmp_path: Path) -> None:
    run = with_broken_video(trainer(splits=["test"]), make_row, tmp_path, "train")

    with pytest.raises(TrainingError, match=r"No training video can be read, first 0099/0: .*not a video"):
        losses(run)


def test_weights_to_start_from_are_taken(
    trainer: MakeTrainer, small_tiny: ModelConfig, tmp_path: Path
) -> None:
    torch.manual_seed(7)
    weights.save_weights(Model(small_tiny), tmp_path / "init.safetensors")

    given, plain = (
        losses(trainer(init=tmp_path / "init.safetensors", folder="a")),
        losses(trainer(folder="b")),
    )

    assert given[1] != plain[1]


def test_weights_of_another_model_are_refused(trainer: MakeTrainer, tmp_path: Path) -> None:
    weights.save_weights(
        Model(ModelConfig(window=48, initial_channels=4, num_blocks=1)), tmp_path / "other.safetensors"
    )

    with pytest.raises(weights.WeightsError, match="is for another model"):
        losses(trainer(init=tmp_path / "other.safetensors"))


def test_broken_down_training_keeps_the_checkpoint(
    trainer: MakeTrainer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    losses(trainer(), stop_after=2)
    monkeypatch.setattr(loop, "masked_loss_sum", lambda logits_NL, *others: logits_NL.sum() * torch.nan)

    with pytest.raises(TrainingError, match=r"Training broke down: .* lower --learning-rate"):
        losses(trainer(resume=True))

    assert [path.name for path in (tmp_path / "run" / "checkpoints").iterdir()] == ["step-00000002.pt"]


def test_cuda_that_is_not_there_is_said(trainer: MakeTrainer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    config = TrainConfig.from_dict(CONFIG.to_dict() | {"device": "cuda"})

    with pytest.raises(TrainingError, match=r"There is no CUDA device here. Train with --device cpu."):
        losses(trainer(config=config))
