"""Runs that wait are trained by whoever comes, and wait again when it must stop."""

from collections.abc import Callable, Iterator

import pytest
from django.core.management import call_command

from inference.models import ModelVersion
from jobs.models import State
from training import runs
from training.config import TrainConfig, preset
from training.models import TrainingBatch, TrainingRun
from training.waiting import train_waiting

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.usefixtures("own_runs")]


@pytest.fixture
def batch(export_clips: Callable[[int], TrainingBatch]) -> TrainingBatch:
    """Ten labeled clips: one of test, one of validation, eight to train on."""
    return export_clips(10)


def queued(batch: TrainingBatch, steps: int = 4) -> TrainingRun:
    run: TrainingRun = TrainingRun.objects.create(batch=batch, config=config(steps).to_dict())
    return run


def config(steps: int) -> TrainConfig:
    return preset("tiny", steps=steps, minibatch_size=4, num_workers=0, eval_framesets=1)


def over_after(num_asked: int) -> Callable[[], bool]:
    """Give what says that it is over once it was asked so often."""
    asked: Iterator[int] = iter(range(num_asked))
    return lambda: next(asked, None) is None


def test_what_waits_is_trained_one_after_the_other(
    batch: TrainingBatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = queued(batch), queued(batch, steps=2)

    call_command("train_waiting")

    assert set(TrainingRun.objects.values_list("state", "attempts")) == {(State.DONE, 1)}
    assert ModelVersion.objects.count() == 2
    assert capsys.readouterr().out.splitlines() == [
        f"Run {first.pk} on v5.0: training.",
        f"Run {first.pk} on v5.0: done, model v5-0-tiny-1.",
        f"Run {second.pk} on v5.0: training.",
        f"Run {second.pk} on v5.0: done, model v5-0-tiny-2.",
    ]


# Asked once before the run, ten times while files are checked, and after step 1.
@pytest.mark.parametrize(("num_asked", "step"), [(3, 0), (12, 1)], ids=["at the files", "at a step"])
def test_run_that_must_stop_waits_and_goes_on(batch: TrainingBatch, num_asked: int, step: int) -> None:
    run = queued(batch)

    began, left = ((each.state, each.attempts) for each in train_waiting(over_after(num_asked)))
    has_checkpoint = runs.has_checkpoint(run)
    call_command("train_waiting")

    assert began == (State.RUNNING, 1)
    assert left == (State.QUEUED, 0)
    assert has_checkpoint == bool(step)
    assert TrainingRun.objects.get().state == State.DONE
    assert ModelVersion.objects.count() == 1


def test_run_that_fails_says_so_and_the_next_one_is_trained(
    batch: TrainingBatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = queued(batch), queued(batch, steps=2)
    TrainingRun.objects.filter(pk=bad.pk).update(config=config(4).to_dict() | {"device": "cuda"})

    call_command("train_waiting")

    assert f"Run {bad.pk} on v5.0: failed. There is no CUDA device here" in capsys.readouterr().out
    assert TrainingRun.objects.get(pk=good.pk).state == State.DONE


def test_run_that_somebody_began_by_hand_is_theirs(batch: TrainingBatch) -> None:
    run = runs.begin(batch, config(2))
    TrainingRun.objects.update(
        lease_until="2000-01-01T00:00Z"
    )  # killed long ago; its checkpoints may be elsewhere

    call_command("train_waiting")

    run.refresh_from_db()
    assert (run.state, run.attempts) == (State.RUNNING, 1)
