"""Training the runs that wait, as a worker on the queue `train` does, or `manage.py train_waiting`."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing

from training import runs
from training.models import TrainingRun

logger = logging.getLogger(__name__)

LEFT_AT_ONCE = ("files", "test")
"""Stages that are only done again when the run goes on: all that was learned is in a checkpoint."""


def train_waiting(is_over: Callable[[], bool]) -> Iterator[TrainingRun]:
    """Train what is due, one run after the other; yield each when it begins and when it has ended."""
    while not is_over():
        run = TrainingRun.objects.claim_next()
        if run is None:
            return
        yield run
        train(run, is_over)
        run.refresh_from_db()
        yield run


def train(run: TrainingRun, is_over: Callable[[], bool] = lambda: False) -> None:
    """Do a claimed run; one whose worker died goes on from its checkpoint. The row says how it ended.

    Once `is_over` says so, it stops after the step in hand, and waits again for whoever comes next.
    """
    try:
        trainer = runs.trainer_of(run, resume=runs.has_checkpoint(run))
        with closing(runs.perform(run, trainer, when_stopped=TrainingRun.hand_back)) as reports:
            for report in reports:
                if is_over():
                    trainer.stop()
                    if getattr(report, "stage", "") in LEFT_AT_ONCE:
                        break
    except runs.RunError as exc:
        logger.warning("Run %s: %s", run.pk, exc)
