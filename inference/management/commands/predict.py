import json
import os
import time
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import track

from config.console import console, stop_on_signals
from inference import registry
from inference.models import ModelVersion, PredictJob
from inference.tasks import run
from labeling.models import Video

POLL_SECONDS = 2.0


class Command(BaseCommand):
    help = "Let the current model judge videos."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("videos", nargs="*", metavar="VIDEO", help="A video's id or key.")
        parser.add_argument(
            "--pending", action="store_true", help="Every video that waits for the current model."
        )
        parser.add_argument(
            "--follow", action="store_true", help="Stay, and judge new videos as they arrive."
        )
        parser.add_argument("--model", metavar="SLUG", help="Another model than the current one.")
        parser.add_argument("--json", action="store_true", help="One object per video on stdout.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["follow"]:
            self.follow()
        elif options["pending"] or options["videos"]:
            self.predict(options)
        else:
            raise CommandError("Name videos, or say --pending for all that wait.")

    def predict(self, options: dict[str, Any]) -> None:
        model = chosen_model(options["model"])
        registry.queue_pending()
        jobs = PredictJob.objects.filter(model=model)
        if options["videos"]:
            jobs = asked_again(model, list(chosen_videos(options["videos"])))
        pks = list(jobs.unfinished().values_list("pk", flat=True))
        failed = 0
        with stop_on_signals() as stopping:
            for pk in track(pks, description=f"Predicting with {model.slug}", console=console()):
                if stopping.is_set():
                    raise CommandError("Stopped. Run it again to go on where it stopped.")
                if job := PredictJob.objects.claim(pk):
                    failed += not run(job)
                    self.report(job, is_json=options["json"])
        self.stderr.write(f"{len(pks) - failed:,} of {len(pks):,} videos judged by {model.slug}.")
        if failed:
            raise CommandError(f"{failed} videos failed; /admin/ shows why under predict jobs.")

    def report(self, job: PredictJob, *, is_json: bool) -> None:
        prediction = job.video.predictions.filter(model=job.model).order_by("-pk").first()
        if is_json and prediction:
            reply = {
                "video": job.video.key,
                "model": job.model.slug,
                "probabilities": prediction.probabilities,
            }
            self.stdout.write(json.dumps(reply))

    def follow(self) -> None:
        """Judge what is due until told to stop, or until the process that started this one is gone."""
        parent = os.getppid()
        with stop_on_signals() as stopping:
            while not stopping.is_set() and os.getppid() == parent:
                registry.queue_pending()
                job = PredictJob.objects.claim_next()
                if job is None:
                    stopping.wait(POLL_SECONDS)
                else:
                    run(job)
                time.sleep(0)


def chosen_model(slug: str | None) -> ModelVersion:
    """Return the named model, or the current one."""
    if slug:
        model = ModelVersion.objects.filter(slug=slug).first()
        if model is None:
            raise CommandError(f"There is no model {slug}. `manage.py add_model` adds one.")
        return model
    model = ModelVersion.objects.suggesting().first()
    if model is None:
        raise CommandError("No model is promoted yet. Train one, then run `manage.py promote_model SLUG`.")
    return model


def chosen_videos(names: list[str]) -> Iterator[Video]:
    for name in names:
        found = Video.objects.ready().filter(**({"pk": name} if name.isdigit() else {"key": name})).first()
        if found is None:
            raise CommandError(f"There is no video {name} ready to judge. /videos/ lists them.")
        yield found


def asked_again(model: ModelVersion, videos: list[Video]) -> Any:
    """Return the jobs of these videos, queued anew where they had ended."""
    PredictJob.objects.bulk_create(
        [PredictJob(video=video, model=model) for video in videos], ignore_conflicts=True
    )
    jobs = PredictJob.objects.filter(model=model, video__in=videos)
    jobs.exclude(state="running").update(state="queued", attempts=0, finished_at=None)
    return jobs
