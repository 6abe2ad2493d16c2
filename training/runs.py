"""A training run as a row: started, claimed, reported on while it goes, and turned into a model version.

The training itself needs no database (`training/learning/trainer.py`); this is what stands around it
where there is one. Only this module and the commands import torch's side, and only inside functions.
"""

import socket
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import OperationalError, ProgrammingError, transaction
from django.db.models import F
from django.utils import timezone

from cakelens.labels import V5_LABELS
from inference import registry
from inference.models import ModelVersion
from jobs.heartbeat import kept_alive
from jobs.models import Cancelled, JobInterrupted, State
from labeling import storage
from training.batches import sidecars, verifying
from training.batches.manifest import Manifest, ManifestError, read_manifest
from training.config import TrainConfig
from training.learning.splits import split_rows
from training.models import TrainingBatch, TrainingRun, Withdrawal
from training.pages.curve import Curve

if TYPE_CHECKING:
    from training.learning.reports import Report
    from training.learning.trainer import Trainer
    from training.learning.world import World

SECONDS_BETWEEN_WRITES = 1.0


class RunError(Exception):
    """A run cannot start or go on; the message says why and what to do."""


def exported_batch(slug: str) -> TrainingBatch:
    """Return the batch `slug`.

    Raises:
        RunError: There is none, or its export is not finished; or there is no database.
    """
    try:
        batch = TrainingBatch.objects.exported().filter(slug=slug).first()
    except (OperationalError, ProgrammingError) as exc:
        reason = str(exc).partition("\n")[0]
        raise RunError(
            f"The database cannot be asked for {slug}: {reason}. Set DATABASE_URL to the "
            "site's database; without one, fetch_batch and train_batch take --manifest in place of a name."
        ) from exc
    if batch is None:
        known = ", ".join(TrainingBatch.objects.exported().values_list("slug", flat=True)[:5])
        remedy = f"There are: {known}." if known else "Run `manage.py export_batch` first."
        raise RunError(f"There is no exported batch {slug}. {remedy}")
    return batch


def begin(batch: TrainingBatch, config: TrainConfig) -> TrainingRun:
    """Start a run in this process: its row exists and is claimed.

    It has one attempt. If this process dies no worker takes the run up elsewhere, where its checkpoints are
    not; `--resume` does, here.
    """
    with transaction.atomic():  # a worker that polls must not see it before it is claimed
        run = TrainingRun.objects.create(batch=batch, config=config.to_dict(), max_attempts=1)
        claimed = TrainingRun.objects.claim(run.pk)
    assert claimed is not None
    return claimed


@transaction.atomic
def take_up(batch: TrainingBatch, config: TrainConfig) -> TrainingRun:
    """Claim the newest unfinished run on `batch`: one that was interrupted, or one that waits to begin.

    Raises:
        RunError: There is none, another process runs it, it has another config, or its checkpoints are on
            another machine. Nothing was written.
    """
    run = TrainingRun.objects.filter(batch=batch).exclude(state=State.DONE).order_by("-pk").first()
    if run is None:
        raise RunError(f"No unfinished run on {batch.slug}. Start one without --resume.")
    if differences := TrainConfig.from_dict(run.config).differences(config):
        raise RunError(f"Run {run.pk} has another {', '.join(differences)}. Give the options it began with.")
    if run.step and not has_checkpoint(run) and run.host != socket.gethostname():
        raise RunError(f"Run {run.pk} has its checkpoints on {run.host}, in {run.folder}. Resume it there.")
    this_run = TrainingRun.objects.filter(pk=run.pk)
    if _is_orphan(run):
        this_run.filter(owner=run.owner, state=State.RUNNING).update(state=State.FAILED)
    this_run.retry()
    claimed = TrainingRun.objects.claim(run.pk)
    if claimed is None:
        raise RunError(
            f"Run {run.pk} is held by {run.owner}. Stop it there, or wait a minute if it was killed."
        )
    return claimed


def _is_orphan(run: TrainingRun) -> bool:
    """Tell whether the process that held a run is gone: its lease ran out, or it was killed on this host."""
    if run.state != State.RUNNING:
        return False
    host, pid, _ = run.owner.split(":")
    is_killed = host == socket.gethostname() and not Path(f"/proc/{pid}").exists()
    return is_killed or run.lease_until is None or run.lease_until < timezone.now()


def initial_weights(name: str | None) -> Path | None:
    """Return the weights to start from: a model version's, or a file's.

    Raises:
        RunError: There is neither.
    """
    if name is None:
        return None
    model = ModelVersion.objects.filter(slug=name).first()
    if model is None and not Path(name).is_file():
        raise RunError(f"--init {name} is neither a model version nor a file. /models/ lists the versions.")
    return storage.local_copy(model.weights_name) if model else Path(name)


def trainer_of(
    run: TrainingRun, *, resume: bool = False, init: Path | None = None, world: "World | None" = None
) -> "Trainer":
    """Return what trains this run, with the batch's files on this machine; `world` None: alone.

    Raises:
        RunError: The manifest is missing or altered; the row says the same.
    """
    from training.learning.trainer import Trainer
    from training.learning.world import ALONE

    world = world or ALONE
    try:
        manifest = manifest_of(run.batch)
    except RunError as exc:
        run.fail(exc)
        raise
    folder, slug = folder_of(run), model_slug(run)
    config = TrainConfig.from_dict(run.config)
    num_steps = config.num_steps(len(split_rows(manifest, config.hold_out)["train"]), world.size)
    TrainingRun.objects.filter(pk=run.pk).update(
        host=socket.gethostname(), folder=str(folder), num_steps=num_steps, model_slug=slug
    )
    return Trainer(
        config,
        manifest,
        local_media(manifest),
        folder,
        resume=resume,
        init=init,
        slug=slug,
        world=world,
        remedy=_remedy(manifest),
    )


@contextmanager
def starting_together(world: "World") -> "Generator[Callable[[Trainer], None], None, None]":
    """Let the other processes of a run wait for what the first one prepares, or for its failure."""
    told = []

    def tell(trainer: "Trainer") -> None:
        plan = (trainer.manifest, trainer.out_dir, trainer.slug, trainer.is_resumed)
        told.append(world.from_first(plan))

    try:
        yield tell
    finally:
        if not told:
            world.from_first(None)


def trainer_beside(config: TrainConfig, world: "World") -> "Trainer":
    """Return what trains beside the first process, as that one tells: this one reads no rows.

    Raises:
        RunError: The first process could not start; it says why.
    """
    from training.learning.trainer import Trainer

    plan: tuple[Manifest, Path, str, bool] | None = world.from_first(None)
    if plan is None:
        raise RunError("The first process could not start the run; it says why.")
    manifest, folder, slug, is_resumed = plan
    return Trainer(
        config,
        manifest,
        local_media(manifest),
        folder,
        resume=is_resumed,
        slug=slug,
        world=world,
        remedy=_remedy(manifest),
    )


def folder_of(run: TrainingRun) -> Path:
    return Path(settings.VAR_DIR) / "runs" / f"{run.batch.slug}-{run.pk}"


def has_checkpoint(run: TrainingRun) -> bool:
    return any((folder_of(run) / "checkpoints").glob("step-*.pt"))


def manifest_of(batch: TrainingBatch) -> Manifest:
    """Read a batch's manifest, without what was withdrawn since.

    Raises:
        RunError: It is missing or altered, or the storage does not answer.
    """
    try:
        manifest = read_manifest(storage.local_copy(batch.manifest_name, anew=True))
    except storage.BucketError as exc:
        raise RunError(sidecars.no_answer(exc)) from exc
    except FileNotFoundError as exc:
        raise RunError(sidecars.missing_manifest(batch)) from exc
    except ManifestError as exc:
        raise RunError(verifying.damaged(batch, exc)) from exc
    withdrawn = set(Withdrawal.objects.values_list("video__key", flat=True))
    return manifest.without(withdrawn) if withdrawn else manifest


def learned_labels(manifest: Manifest, hold_out: str | None = None) -> list[str]:
    """Return the labels that training videos have both ways: the others' outputs are noise."""
    train = split_rows(manifest, hold_out)["train"]
    both = {True, False}
    return [str(label) for label in V5_LABELS if both <= {row.labels.get(label) for row in train}]


def local_media(manifest: Manifest) -> Path:
    """Return the folder that the manifest's names lead from, fetching what a bucket holds."""
    if storage.is_local():
        return Path(default_storage.path(""))
    for row in manifest.rows:
        for variant in row.variants:
            storage.local_copy(variant.name)
    return Path(settings.VAR_DIR) / "fetched"


def _remedy(manifest: Manifest) -> str:
    """Say how altered files of a batch come back. Those of the disk's storage cannot be fetched from it."""
    if storage.is_local():
        return (
            f"Run `manage.py verify_batch {manifest.slug}`: it names each. Restore them from a backup, "
            "or from a folder that the batch was fetched into."
        )
    return f"Run `manage.py fetch_batch {manifest.slug} --into {Path(settings.VAR_DIR) / 'fetched'}`."


def model_slug(run: TrainingRun) -> str:
    """Return the name of the model a run will give: batch, preset, what was held out, and a number."""
    if run.model_slug:
        return run.model_slug
    base = f"{run.batch.slug}-{run.config['preset']}".replace(".", "-")
    if held_out := run.config.get("hold_out"):
        base += f"-without-{held_out.lower()}"
    taken = set(ModelVersion.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    taken |= set(TrainingRun.objects.filter(model_slug__startswith=base).values_list("model_slug", flat=True))
    number = next(n for n in range(1, len(taken) + 2) if f"{base}-{n}" not in taken)
    return f"{base}-{number}"


def stopped(run: TrainingRun) -> None:
    """Close a run that was asked to stop; `--resume` opens it again."""
    run.fail(RunError("Stopped. Its checkpoint is kept: `--resume` goes on from there."), kind="stopped")


def perform(
    run: TrainingRun, trainer: "Trainer", *, when_stopped: Callable[[TrainingRun], object] = stopped
) -> Generator["Report", None, None]:
    """Train a claimed run, writing its progress into its row, and register the model it gives.

    Raises:
        RunError: It could not be finished; the row says the same.
    """
    from cakelens.errors import CakeLensError
    from training.checkpoints import CheckpointError
    from training.learning.trainer import TrainingError

    try:
        with kept_alive(run) as pulse:
            writer = _Writer(run)
            curve = writer.curve
            for report in trainer.run():
                pulse.check()
                writer.write(report)
                yield report
    except (TrainingError, CheckpointError, CakeLensError, OSError) as exc:
        run.fail(exc)
        raise RunError(str(exc)) from exc
    except JobInterrupted as exc:
        raise RunError(_interrupted(exc)) from exc
    except GeneratorExit:
        when_stopped(run)
        raise
    if trainer.result is None:
        when_stopped(run)
    else:
        _conclude(run, trainer, curve)


def _interrupted(exc: JobInterrupted) -> str:
    return "The run was cancelled." if isinstance(exc, Cancelled) else f"{exc} This process stopped."


class _Writer:
    """Writes steps into the row, once a second at most."""

    def __init__(self, run: TrainingRun) -> None:
        self.run = run
        self.written_at = 0.0
        self.curve = Curve.of(run.metrics.get("curve"))

    def write(self, report: "Report") -> None:
        from training.loop import StepReport

        if not isinstance(report, StepReport):
            return
        if report.loss is not None:
            self.curve.add(report.step, report.loss)
        now = time.monotonic()
        if now - self.written_at < SECONDS_BETWEEN_WRITES and report.step < report.total:
            return
        self.written_at = now
        self.run.beat(report.step / report.total)
        values: dict[str, Any] = {"step": report.step, "eta_seconds": report.eta_seconds}
        values["metrics"] = {"curve": self.curve.to_dict()}
        if report.loss is not None:
            values |= {"loss_last": report.loss}
            TrainingRun.objects.filter(pk=self.run.pk, loss_first=None).update(loss_first=report.loss)
        TrainingRun.objects.filter(pk=self.run.pk, owner=self.run.owner).update(**values)


def _conclude(run: TrainingRun, trainer: "Trainer", curve: Curve) -> None:
    """Register the model, then close the run: a run that says it is done has its model."""
    from inference import runner
    from training.evaluating import measurements
    from training.evaluating.summary import measurement, model_metrics

    result = trainer.result
    assert result is not None
    metrics = model_metrics(result, batch=run.batch.slug)
    origin = registry.Origin(
        batch_digest=run.batch.digest,
        learned_labels=learned_labels(trainer.manifest, trainer.config.hold_out),
        metrics=metrics,
    )
    try:
        model = registry.register(trainer.slug, result.weights, runner.describe(result.weights), origin)
    except registry.RegistryError as exc:
        run.fail(exc)
        raise RunError(str(exc)) from exc
    framesets = trainer.config.eval_framesets
    measurements.record(model, run.batch.slug, measurement(result, framesets=framesets))
    TrainingRun.objects.filter(pk=run.pk, owner=run.owner).update(
        step=F("num_steps"),
        loss_first=result.loss_first,
        loss_last=result.loss_last,
        eta_seconds=0,
        metrics=metrics | {"curve": curve.to_dict()},
        model_slug=trainer.slug,
    )
    run.finish()
