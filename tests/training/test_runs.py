"""A training run as a row, from a real batch of real files to a registered model."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from inference.models import ModelVersion
from labeling.models import Video
from training import runs
from training.batches import withdrawing
from training.config import preset
from training.models import TrainingBatch, TrainingRun, Withdrawal
from training.tasks import train_batch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.usefixtures("own_runs")]

TWO_STEPS = {"preset": "tiny", "steps": 2, "minibatch_size": 4, "num_workers": 0, "eval_framesets": 1}


@pytest.fixture
def batch(export_clips: Callable[[int], TrainingBatch]) -> TrainingBatch:
    """Ten labeled clips: one of test, one of validation, eight to train on."""
    return export_clips(10)


def test_train_batch_registers_a_model_of_the_batch(
    batch: TrainingBatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("train_batch", "v5.0", json=True, **TWO_STEPS)

    printed = json.loads(capsys.readouterr().out)
    model, run = ModelVersion.objects.get(), TrainingRun.objects.get()
    assert set(printed) == {"run", "model", "steps", "loss_first", "loss_last", "metrics"}
    assert (printed["model"], printed["steps"]) == (model.slug, 2)
    assert (model.slug, model.batch_digest, model.is_trained) == ("v5-0-tiny-1", batch.digest, True)
    assert model.metrics["batch"] == "v5.0"
    assert model.learned_labels == ["AI_GEN"]
    assert (run.state, run.step, run.model_slug, run.attempts) == ("done", 2, model.slug, 1)
    assert run.loss_first is not None


def test_train_batch_with_promote_lets_the_model_suggest(batch: TrainingBatch) -> None:
    call_command("train_batch", "v5.0", promote=True, json=True, **TWO_STEPS)

    assert ModelVersion.objects.suggesting().get().slug == "v5-0-tiny-1"


def test_train_batch_twice_gives_two_models(batch: TrainingBatch) -> None:
    call_command("train_batch", "v5.0", json=True, **TWO_STEPS)
    call_command("train_batch", "v5.0", json=True, **TWO_STEPS)

    slugs = ModelVersion.objects.order_by("pk").values_list("slug", flat=True)
    assert list(slugs) == ["v5-0-tiny-1", "v5-0-tiny-2"]


def test_train_batch_of_an_unknown_slug_names_those_there_are(batch: TrainingBatch) -> None:
    with pytest.raises(CommandError, match=r"no exported batch v9\.9\. There are: v5\.0\."):
        call_command("train_batch", "v9.9")


def test_train_batch_before_any_export_says_what_to_run() -> None:
    with pytest.raises(CommandError, match=r"Run `manage\.py export_batch` first"):
        call_command("train_batch", "v5.0")


def test_train_batch_of_nothing_says_what_to_name() -> None:
    with pytest.raises(CommandError, match="Name a batch"):
        call_command("train_batch")


def test_train_batch_with_a_bad_option_names_it(batch: TrainingBatch) -> None:
    with pytest.raises(CommandError, match="minibatch_size must be >= 1, got 0"):
        call_command("train_batch", "v5.0", preset="tiny", minibatch_size=0)


def test_train_batch_with_an_altered_file_fails_before_it_trains(batch: TrainingBatch) -> None:
    variant = Video.objects.filter(split="train")[0].variants.get()
    Path(default_storage.path(variant.name)).write_bytes(b"0" * int(variant.num_bytes or 0))

    with pytest.raises(CommandError, match="1 of 10 files is not as exported") as caught:
        call_command("train_batch", "v5.0", **TWO_STEPS)

    assert "Run `manage.py verify_batch v5.0`: it names each. Restore them from a backup" in str(caught.value)
    assert TrainingRun.objects.get().state == "failed"
    assert not ModelVersion.objects.exists()


def test_train_batch_leaves_out_what_was_withdrawn(batch: TrainingBatch) -> None:
    video = Video.objects.filter(split="train")[0]
    Withdrawal.objects.create(video=video)

    manifest = runs.manifest_of(batch)

    assert video.key not in [row.video for row in manifest.rows]
    assert (len(manifest.rows), manifest.digest) == (9, batch.digest)


def test_stopped_run_goes_on_where_it_stopped(batch: TrainingBatch) -> None:
    config = preset("tiny", steps=4, minibatch_size=4, num_workers=0, eval_framesets=1)
    run = runs.begin(batch, config)
    trainer = runs.trainer_of(run)
    for report in runs.perform(run, trainer):
        if getattr(report, "step", 0) == 2:
            trainer.stop()
    run.refresh_from_db()
    assert (run.state, run.failure_kind) == ("failed", "stopped")

    again = runs.take_up(batch, config)
    steps = [r.step for r in runs.perform(again, runs.trainer_of(again, resume=True)) if hasattr(r, "step")]

    again.refresh_from_db()
    assert again.pk == run.pk
    assert steps == [3, 4]
    assert again.state == "done"


def test_resume_of_a_run_that_never_began_starts_it(
    batch: TrainingBatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = preset("tiny", steps=2, minibatch_size=4, num_workers=0, eval_framesets=1)
    queued = TrainingRun.objects.create(batch=batch, config=config.to_dict())

    call_command("train_batch", "v5.0", resume=True, json=True, **TWO_STEPS)

    run = TrainingRun.objects.get()
    assert (run.pk, run.state, run.step) == (queued.pk, "done", 2)
    assert f"Run {run.pk} has no checkpoint yet: it begins." in capsys.readouterr().err


def test_resume_of_a_run_of_another_machine_names_it(batch: TrainingBatch) -> None:
    config = preset("tiny", steps=4)
    run = runs.begin(batch, config)
    run.fail(runs.RunError("stopped"), kind="stopped")
    TrainingRun.objects.update(step=2, host="gpu-box", folder="/data/runs/v5.0-1")

    with pytest.raises(runs.RunError, match=r"checkpoints on gpu-box, in /data/runs/v5\.0-1\. Resume it"):
        runs.take_up(batch, config)

    assert TrainingRun.objects.get().state == "failed"


def test_resume_of_another_config_names_what_differs(batch: TrainingBatch) -> None:
    run = runs.begin(batch, preset("tiny", steps=4))
    run.fail(runs.RunError("stopped"), kind="stopped")

    with pytest.raises(runs.RunError, match="another steps"):
        runs.take_up(batch, preset("tiny", steps=5))


def test_resume_of_a_run_that_is_running_is_refused(batch: TrainingBatch) -> None:
    config = preset("tiny", steps=4)
    run = runs.begin(batch, config)

    with pytest.raises(runs.RunError, match=f"Run {run.pk} is held by"):
        runs.take_up(batch, config)


def test_resume_without_a_run_says_to_start_one(batch: TrainingBatch) -> None:
    with pytest.raises(CommandError, match=r"No unfinished run on v5\.0"):
        call_command("train_batch", "v5.0", resume=True, preset="tiny")


def test_queued_run_is_trained_by_its_task(batch: TrainingBatch) -> None:
    config = preset("tiny", steps=2, minibatch_size=4, num_workers=0, eval_framesets=1)
    run = TrainingRun.objects.create(batch=batch, config=config.to_dict())

    train_batch(run.pk)
    train_batch(run.pk)

    assert TrainingRun.objects.get().state == "done"
    assert ModelVersion.objects.count() == 1


def test_cancelled_run_stops_and_registers_nothing(batch: TrainingBatch) -> None:
    run = runs.begin(batch, preset("tiny", steps=4, minibatch_size=4, num_workers=0, eval_framesets=1))
    TrainingRun.objects.filter(pk=run.pk).cancel()

    with pytest.raises(runs.RunError, match="was cancelled"):
        for _ in runs.perform(run, runs.trainer_of(run)):
            pass

    assert TrainingRun.objects.get().state == "cancelled"
    assert not ModelVersion.objects.exists()


def test_run_without_its_manifest_fails_with_the_reason(batch: TrainingBatch) -> None:
    default_storage.delete(batch.manifest_name)

    with pytest.raises(CommandError, match=r"The manifest of v5\.0 is missing from the storage"):
        call_command("train_batch", "v5.0", **TWO_STEPS)

    assert TrainingRun.objects.get().state == "failed"


def test_manifest_alone_trains_without_a_row(batch: TrainingBatch, tmp_path: Path) -> None:
    manifest = Path(default_storage.path(batch.manifest_name))
    media = Path(default_storage.path(""))

    call_command("train_batch", manifest=manifest, media=media, out=tmp_path / "run", json=True, **TWO_STEPS)

    written = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"best.safetensors", "metrics.json", "config.json"} <= written
    assert not TrainingRun.objects.exists()


def test_train_batch_skips_what_was_withdrawn_and_says_so(
    batch: TrainingBatch, capsys: pytest.CaptureFixture[str]
) -> None:
    withdrawing.withdraw([Video.objects.filter(split="train").earliest("pk")], reason="")

    call_command("train_batch", "v5.0", json=True, **TWO_STEPS)

    assert "1 video was withdrawn since: it is skipped." in capsys.readouterr().err


def test_train_batch_on_fetched_files_reads_the_list_beside_them(
    batch: TrainingBatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("fetch_batch", "v5.0", into=tmp_path / "box")
    key = Video.objects.filter(split="train").earliest("pk").key
    (tmp_path / "box/withdrawn.json").write_text(json.dumps({"videos": [key]}))
    given = {"manifest": tmp_path / "box/v5.0.parquet", "media": tmp_path / "box", "out": tmp_path / "run"}

    call_command("train_batch", json=True, **given, **TWO_STEPS)

    assert "1 video was withdrawn since: it is skipped." in capsys.readouterr().err


def test_damaged_list_stops_the_training_before_it_begins(batch: TrainingBatch, tmp_path: Path) -> None:
    call_command("fetch_batch", "v5.0", into=tmp_path)
    (tmp_path / "withdrawn.json").write_text("[")

    with pytest.raises(CommandError, match=r"withdrawn\.json is damaged\. Remove it, and fetch"):
        call_command("train_batch", manifest=tmp_path / "v5.0.parquet", media=tmp_path, **TWO_STEPS)
