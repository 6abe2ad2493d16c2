import json
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.console import console, stop_on_signals
from inference import registry
from training import runs
from training.batches import withdrawing, withdrawn
from training.batches.counted import counted, skipped
from training.batches.manifest import Manifest, ManifestError, read_manifest
from training.config import ConfigError, TrainConfig
from training.learning import options, progress
from training.models import TrainingRun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.learning.outcome import TrainResult
    from training.learning.reports import Report
    from training.learning.trainer import Trainer
    from training.learning.world import World


class Command(BaseCommand):
    help = "Train the next model on a batch, measure it on the batch's test split, and register it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", nargs="?", help="An exported batch, such as v5.0.")
        parser.add_argument("--manifest", type=Path, help="A manifest file instead: no database is needed.")
        parser.add_argument("--media", type=Path, metavar="DIR", help="Where that manifest's files are.")
        parser.add_argument("--out", type=Path, metavar="DIR", help="Where that run's result goes.")
        parser.add_argument("--init", metavar="MODEL", help="Start from a model version, or a weights file.")
        parser.add_argument("--resume", action="store_true", help="Go on where the last run stopped.")
        parser.add_argument("--promote", action="store_true", help="Let the new model suggest at once.")
        parser.add_argument("--json", action="store_true", help="The result as one object on stdout.")
        options.add_options(parser)

    def handle(self, *args: Any, **given: Any) -> None:
        from cakelens.errors import CakeLensError
        from training.checkpoints import CheckpointError
        from training.learning.trainer import TrainingError
        from training.learning.world import RankLost, joined_world

        try:
            config = options.config_of(given)
            with joined_world() as world:
                self.train(config, world, given)
        except (runs.RunError, registry.RegistryError, ConfigError, ManifestError) as exc:
            raise CommandError(str(exc)) from exc
        except (TrainingError, CheckpointError, CakeLensError, RankLost) as exc:
            raise CommandError(str(exc)) from exc

    def train(self, config: TrainConfig, world: "World", given: dict[str, Any]) -> None:
        if given["manifest"]:
            self.train_offline(config, world, given)
        elif not given["slug"]:
            raise CommandError("Name a batch, or give --manifest F --media DIR.")
        elif world.is_first:
            self.train_online(config, world, given)
        else:
            trainer = runs.trainer_beside(config, world)
            follow(trainer, trainer.run(), is_shown=False)

    def train_online(self, config: TrainConfig, world: "World", given: dict[str, Any]) -> None:
        with runs.starting_together(world) as tell:
            batch = runs.exported_batch(given["slug"])
            self.say_skipped(len(withdrawing.withdrawn_keys(batch)))
            init = runs.initial_weights(given["init"])
            run = runs.take_up(batch, config) if given["resume"] else runs.begin(batch, config)
            is_resumed = given["resume"] and self.has_begun(run)
            trainer = runs.trainer_of(run, resume=is_resumed, init=init, world=world)
            tell(trainer)
        follow(trainer, runs.perform(run, trainer))
        if trainer.result is None:
            raise CommandError(f"Stopped. Go on: manage.py train_batch {batch.slug} --resume")
        self.tell(trainer.result, run=str(run.pk), model=trainer.slug, as_json=given["json"])
        self.promote(trainer.slug, is_wanted=given["promote"])

    def has_begun(self, run: TrainingRun) -> bool:
        """Tell whether there is a checkpoint to go on from; say so if there is none."""
        has_checkpoint = runs.has_checkpoint(run)
        if not has_checkpoint:
            self.stderr.write(f"Run {run.pk} has no checkpoint yet: it begins.")
        return has_checkpoint

    def train_offline(self, config: TrainConfig, world: "World", given: dict[str, Any]) -> None:
        from training.learning.trainer import Trainer

        if given["media"] is None:
            raise CommandError("Give --media DIR beside --manifest: where its files are.")
        manifest = self.not_withdrawn(read_manifest(given["manifest"]), given["media"])
        out = given["out"] or Path("runs") / f"{manifest.slug}-{config.preset}"
        init = Path(given["init"]) if given["init"] else None
        trainer = Trainer(
            config, manifest, given["media"], out, resume=given["resume"], init=init, world=world
        )
        follow(trainer, trainer.run(), is_shown=world.is_first)
        if trainer.result is None:
            raise CommandError("Stopped. Run it again with --resume to go on.")
        if world.is_first:
            self.tell(trainer.result, run=str(out), model=str(trainer.result.weights), as_json=given["json"])

    def not_withdrawn(self, manifest: Manifest, media: Path) -> Manifest:
        """Leave out what was taken back since, by the list that was fetched with the files."""
        try:
            kept, num_skipped = withdrawn.taken_out(manifest, withdrawn.read(media))
        except ValueError as exc:
            raise CommandError(str(exc)) from exc
        self.say_skipped(num_skipped)
        return kept

    def say_skipped(self, num_skipped: int) -> None:
        if num_skipped:
            self.stderr.write(skipped(num_skipped))

    def tell(self, result: "TrainResult", *, run: str, model: str, as_json: bool) -> None:
        from training.evaluating.summary import headline

        if as_json:
            steps = {"run": run, "model": model, "steps": result.steps}
            losses = {"loss_first": result.loss_first, "loss_last": result.loss_last}
            self.stdout.write(json.dumps(steps | losses | {"metrics": headline(result)}))
        else:
            console().print(progress.table(result, model))

    def promote(self, slug: str, *, is_wanted: bool) -> None:
        if is_wanted:
            waiting = counted(registry.promote(slug), "video waits", "videos wait")
            self.stderr.write(f"{slug} suggests from now on; {waiting} for it.")
        else:
            self.stderr.write(f"Let it suggest: manage.py promote_model {slug}")


def follow(trainer: "Trainer", reports: "Iterator[Report]", *, is_shown: bool = True) -> None:
    """Draw the reports of a run; Ctrl-C and SIGTERM end it after the step in hand, with a checkpoint."""
    with stop_on_signals() as stopping:

        def heeded() -> "Iterator[Report]":
            for report in reports:
                if stopping.is_set():
                    trainer.stop()
                yield report

        if not is_shown:
            deque(heeded(), maxlen=0)
            return
        with progress.Bars(console()) as bars:
            for report in heeded():
                bars.show(report)
