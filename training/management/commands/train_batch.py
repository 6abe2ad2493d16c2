import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.console import console, stop_on_signals
from inference import registry
from training import progress, runs
from training.config import PRESETS, ConfigError, TrainConfig, preset
from training.manifest import ManifestError, read_manifest

if TYPE_CHECKING:
    from training.outcome import TrainResult
    from training.trainer import Trainer

OPTIONS = {
    "epochs": int,
    "steps": int,
    "minibatch_size": int,
    "learning_rate": float,
    "seed": int,
    "num_workers": int,
    "eval_framesets": int,
    "checkpoint_every": int,
    "device": str,
}


class Command(BaseCommand):
    help = "Train the next model on a batch, measure it on the batch's test split, and register it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", nargs="?", help="An exported batch, such as v5.0.")
        parser.add_argument("--manifest", type=Path, help="A manifest file instead: no database is needed.")
        parser.add_argument("--media", type=Path, metavar="DIR", help="Where that manifest's files are.")
        parser.add_argument("--out", type=Path, metavar="DIR", help="Where that run's result goes.")
        parser.add_argument("--preset", default="v5", choices=sorted(PRESETS))
        parser.add_argument("--init", metavar="MODEL", help="Start from a model version, or a weights file.")
        parser.add_argument("--resume", action="store_true", help="Go on where the last run stopped.")
        parser.add_argument("--promote", action="store_true", help="Let the new model suggest at once.")
        parser.add_argument("--json", action="store_true", help="The result as one object on stdout.")
        for name, kind in OPTIONS.items():
            parser.add_argument(f"--{name.replace('_', '-')}", type=kind)

    def handle(self, *args: Any, **options: Any) -> None:
        from cakelens.errors import CakeLensError
        from training.checkpoints import CheckpointError
        from training.trainer import TrainingError

        try:
            config = preset(options["preset"], **{name: options[name] for name in OPTIONS})
            if options["manifest"]:
                self.train_offline(config, options)
            elif options["slug"]:
                self.train_online(config, options)
            else:
                raise CommandError("Name a batch, or give --manifest F --media DIR.")
        except (runs.RunError, registry.RegistryError, ConfigError, ManifestError) as exc:
            raise CommandError(str(exc)) from exc
        except (TrainingError, CheckpointError, CakeLensError) as exc:
            raise CommandError(str(exc)) from exc

    def train_online(self, config: TrainConfig, options: dict[str, Any]) -> None:
        batch = runs.exported_batch(options["slug"])
        init = runs.initial_weights(options["init"])
        run = runs.take_up(batch, config) if options["resume"] else runs.begin(batch, config)
        trainer = runs.trainer_of(run, resume=options["resume"], init=init)
        follow(trainer, runs.perform(run, trainer))
        if trainer.result is None:
            raise CommandError(f"Stopped. Go on: manage.py train_batch {batch.slug} --resume")
        self.tell(trainer.result, run=str(run.pk), model=trainer.slug, options=options)
        self.promote(trainer.slug, is_wanted=options["promote"])

    def train_offline(self, config: TrainConfig, options: dict[str, Any]) -> None:
        from training.trainer import Trainer

        if options["media"] is None:
            raise CommandError("Give --media DIR beside --manifest: where its files are.")
        manifest = read_manifest(options["manifest"])
        out = options["out"] or Path("runs") / f"{manifest.slug}-{config.preset}"
        init = Path(options["init"]) if options["init"] else None
        trainer = Trainer(config, manifest, options["media"], out, resume=options["resume"], init=init)
        follow(trainer, trainer.run())
        if trainer.result is None:
            raise CommandError("Stopped. Run it again with --resume to go on.")
        self.tell(trainer.result, run=str(out), model=str(trainer.result.weights), options=options)

    def tell(self, result: "TrainResult", *, run: str, model: str, options: dict[str, Any]) -> None:
        from training.summary import headline

        if options["json"]:
            steps = {"run": run, "model": model, "steps": result.steps}
            losses = {"loss_first": result.loss_first, "loss_last": result.loss_last}
            self.stdout.write(json.dumps(steps | losses | {"metrics": headline(result)}))
        else:
            console().print(progress.table(result, model))

    def promote(self, slug: str, *, is_wanted: bool) -> None:
        if is_wanted:
            self.stderr.write(f"{slug} suggests from now on; {registry.promote(slug):,} videos wait for it.")
        else:
            self.stderr.write(f"Let it suggest: manage.py promote_model {slug}")


def follow(trainer: "Trainer", reports: Any) -> None:
    """Draw the reports of a run; Ctrl-C and SIGTERM end it after the step in hand, with a checkpoint."""
    with stop_on_signals() as stopping, progress.Bars(console()) as bars:
        for report in reports:
            bars.show(report)
            if stopping.is_set():
                trainer.stop()
