"""`make demo`: the whole loop without a human, on clips it makes itself or on yours."""

import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import track

from config import embedded
from config.console import console
from inference import registry
from inference.models import PredictJob
from inference.tasks import run as run_prediction
from labeling import roles
from labeling.collecting import importing, labels_csv
from labeling.models import Video
from training import export, runs
from training.config import preset
from training.demo import report as demo_report
from training.demo import stages as demo
from training.models import TrainingBatch

INSIDE = "CAKELENS_DEMO"
T = TypeVar("T")


class Command(BaseCommand):
    help = "Run the whole loop on sample clips and say what happened: import, label, export, train, promote."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--videos", type=Path, metavar="DIR", help="Your own clips, with a videos.csv.")
        parser.add_argument("--clips", type=int, default=demo.NUM_CLIPS, help="How many clips to make.")
        parser.add_argument("--epochs", type=int, help="Passes over the training clips.")

    def handle(self, *args: Any, **options: Any) -> None:
        if INSIDE not in os.environ:
            start_apart()
        self.console, self.begun = console(), time.monotonic()
        try:
            self.loop(options)
        except (labels_csv.BadCsv, importing.NothingToImport, export.ExportError, runs.RunError) as exc:
            raise CommandError(str(exc)) from exc
        except KeyboardInterrupt as exc:
            raise CommandError("Stopped. `make demo` starts afresh.") from exc

    def loop(self, options: dict[str, Any]) -> None:
        """Collect, suggest, label, export, train, promote, suggest again."""
        folder = options["videos"] or self.make_clips(options["clips"])
        truth = demo.truth_of(folder)
        call_command("migrate", verbosity=0)
        demo.prepare_site()
        summary: dict[str, Any] = {
            "collected": self.collect(folder),
            "predicted": self.predict("2  Suggest"),
            "labeled": self.label(truth),
        }
        batch = self.export()
        summary["batch"] = demo_report.batch(batch)
        summary |= self.train(batch, options["epochs"], is_synthetic=options["videos"] is None)
        summary |= self.promote(truth)
        self.conclude(summary)

    def step(self, title: str) -> None:
        self.console.print()
        self.console.rule(f"[bold]{title}", align="left")

    def track(self, items: Iterable[T], title: str, total: int | None = None) -> Iterator[T]:
        yield from track(items, description=title, total=total, console=self.console)

    def make_clips(self, count: int) -> Path:
        from training.demo.synthetic import make_clips

        self.step("0  Make clips")
        folder = Path(settings.VAR_DIR) / "clips"
        num_made = sum(1 for _ in self.track(make_clips(folder, count), "Drawing", count))
        self.console.print(
            f"{num_made} clips: in half of them things glide, in half they go back and forth. Every single "
            "frame, the file's size, length and rate are alike; only motion tells."
        )
        return folder

    def collect(self, folder: Path) -> int:
        self.step("1  Collect")
        results = [importing.take_in(item) for item in self.track(demo.collect(folder), "Importing")]
        for result in results:
            if result.error:
                self.console.print(f"[yellow]{result.file}: {result.error}")
        splits = demo_report.splits()
        self.console.print(f"{Video.objects.ready().count()} videos ready to label: {splits}.")
        return Video.objects.ready().count()

    def predict(self, title: str) -> int:
        self.step(title)
        if not registry.queue_pending() and not PredictJob.objects.unfinished().exists():
            self.console.print(
                "No model is trained yet, and an untrained one never suggests: nobody suggests."
            )
            return 0
        pks = list(PredictJob.objects.unfinished().values_list("pk", flat=True))
        jobs = (PredictJob.objects.claim(pk) for pk in self.track(pks, "Predicting"))
        return sum(run_prediction(job) for job in jobs if job)

    def label(self, truth: demo.Truth) -> int:
        self.step("3  Label")
        ana = get_user_model().objects.create_user("scripted-labeler")
        ana.groups.add(Group.objects.get(name=roles.LABELER))
        num_labeled = sum(1 for _ in self.track(demo.label(ana, truth), "Answering", demo.num_to_label()))
        left = Video.objects.ready().unsettled().count()
        self.console.print(
            f"{num_labeled} answers by a script, through the queue and the code that a person's answers "
            f"take. {left} clips are left for you at /label/."
        )
        return num_labeled

    def export(self) -> TrainingBatch:
        self.step("4  Export")
        batch = export.export_batch()
        self.console.print(
            f"{batch.slug}: {batch.num_train} training, {batch.num_validation} validation, "
            f"{batch.num_test} test videos; digest {batch.digest[:12]}."
        )
        return batch

    def train(self, batch: TrainingBatch, epochs: int | None, *, is_synthetic: bool) -> dict[str, Any]:
        from training.learning import progress

        self.step("5  Train")
        begun = time.monotonic()
        run = runs.begin(batch, preset("tiny", epochs=epochs))
        trainer = runs.trainer_of(run)
        with progress.Bars(self.console) as bars:
            for report in runs.perform(run, trainer):
                bars.show(report)
        result = trainer.result
        assert result is not None  # nobody stopped it
        self.model = trainer.slug
        self.console.print(progress.table(result, trainer.slug))
        for line in demo_report.meaning(result, is_synthetic=is_synthetic):
            self.console.print(line)
        return demo_report.run(result, seconds=time.monotonic() - begun)

    def promote(self, truth: demo.Truth) -> dict[str, Any]:
        before = demo.served()
        registry.promote(self.model)
        num_judged = self.predict(f"6  Promote {self.model}, suggest again")
        self.console.print(demo_report.opinions(demo.opinions(before, truth), self.model))
        return {"promoted": self.model, "repredicted": num_judged}

    def conclude(self, summary: dict[str, Any]) -> None:
        path = Path(settings.VAR_DIR) / "summary.json"
        path.write_text(json.dumps(summary, indent=2) + "\n")
        self.step("Done")
        self.console.print(f"The whole loop took {time.monotonic() - self.begun:.0f} s. Summary: {path}")
        self.console.print("Open the app: [bold]make up[/], then http://127.0.0.1:8000/label/")


def start_apart() -> None:
    """Start this command again with the demo's own data, apart from any other, on an empty folder."""
    environment = demo.environment(settings.BASE_DIR) | {INSIDE: "1"}
    folder = Path(environment["VAR_DIR"])
    try:
        if folder.exists():
            with embedded.alone(folder):
                demo.set_aside(folder)
    except embedded.AlreadyUp as exc:
        raise CommandError(str(exc)) from exc
    except (OSError, shutil.Error) as exc:
        raise CommandError(f"Cannot start afresh in {folder}: {exc}.") from exc
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606
