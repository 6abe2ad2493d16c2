from typing import Any

from django.core.management.base import BaseCommand

from config.console import stop_with_parent
from jobs.models import State
from training.models import TrainingRun
from training.waiting import train_waiting


class Command(BaseCommand):
    help = "Train the runs that wait on the queue `train`, one after the other, and end."

    def handle(self, *args: Any, **options: Any) -> None:
        with stop_with_parent() as is_over:
            for run in train_waiting(is_over):
                self.stdout.write(f"Run {run.pk} on {run.batch.slug}: {in_words(run)}")


def in_words(run: TrainingRun) -> str:
    """Say where a run stands."""
    said = {
        State.QUEUED: "stopped, and waits to go on.",
        State.RUNNING: "training.",
        State.DONE: f"done, model {run.model_slug}.",
        State.FAILED: f"failed. {run.failure_message}",
        State.CANCELLED: "cancelled.",
    }
    return said[State(run.state)]
