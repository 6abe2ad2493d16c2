"""A training run on a terminal: bars while it goes, a table when it is done."""

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from training.learning.outcome import TrainResult
from training.learning.reports import Report
from training.loop import StepReport

STAGES = {"files": "Checking files", "validation": "Validating", "test": "Testing"}


class Bars:
    """One bar for the steps, one for whatever else is being done."""

    def __init__(self, console: Console) -> None:
        columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
        self.progress = Progress(*columns, TextColumn("{task.fields[note]}"), console=console)
        self.tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "Bars":
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def show(self, report: Report) -> None:
        if isinstance(report, StepReport):
            loss = "" if report.loss is None else f"loss {report.loss:.3f}  "
            pace = f"{report.pace.samples_per_second:.1f}/s  waits {report.pace.data_wait_share:.0%}"
            note = f"{loss}{pace}  {report.eta_seconds:.0f} s left"
            self._update("Training", report.step, report.total, note)
        else:
            self._update(STAGES[report.stage], report.done, report.total, "")

    def _update(self, name: str, done: int, total: int, note: str) -> None:
        if name not in self.tasks:
            self.tasks[name] = self.progress.add_task(name, total=total, note="")
        self.progress.update(self.tasks[name], completed=done, total=total, note=note)


def table(result: TrainResult, model: str) -> Table:
    """Return the test split's numbers, a row for each label that can be measured."""
    baseline = _score(result.baseline["auc"])
    title = f"{model} on {result.test['num_videos']} test videos · metadata alone: AUC {baseline}"
    table = Table("label", "yes", "no", "precision", "recall", "AP", "AUC", "95%", title=title)
    for label, numbers in result.test["labels"].items():
        if numbers["reason"] is None:
            table.add_row(label, *_row(numbers))
    table.caption = f"best weights: step {result.best_step} of {result.steps}, by {result.chosen_by}"
    return table


def _row(numbers: dict[str, Any]) -> list[str]:
    half, interval = numbers["at_half"], numbers["auc_interval"]
    return [
        str(numbers["positives"]),
        str(numbers["negatives"]),
        _score(half["precision"]),
        _score(half["recall"]),
        _score(numbers["ap"]),
        _score(numbers["auc"]),
        f"{interval[0]:.2f}-{interval[1]:.2f}" if interval else "",
    ]


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
