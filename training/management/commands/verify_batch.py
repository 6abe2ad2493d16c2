import os
from argparse import ArgumentTypeError
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from config.console import console, stop_on_signals
from training import runs
from training.batches import fetching, verifying, withdrawing
from training.batches.counted import counted
from training.batches.sources import Source, Wanted

AT_ONCE = (os.cpu_count() or 1) + 1


class Command(BaseCommand):
    help = (
        "Read every byte of a batch, of its manifest and of what stands beside it (clips.csv, Croissant); "
        "name each file that is bad."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="Such as v5.0.")
        parser.add_argument(
            "--jobs", type=at_least_one, default=AT_ONCE, metavar="N", help="Files at a time."
        )

    def handle(self, *args: Any, slug: str, jobs: int, **options: Any) -> None:
        try:
            batch = runs.exported_batch(slug)
            manifest = verifying.check_manifest(batch)
        except (runs.RunError, verifying.BadBatch, OSError) as exc:
            raise CommandError(str(exc)) from exc
        files, num_withdrawn = verifying.files_of(manifest, withdrawing.withdrawn_keys(batch))
        if num_withdrawn:
            withdrawn = counted(num_withdrawn, "video was", "videos were")
            self.stderr.write(f"{withdrawn} withdrawn since: not looked at.")
        bad = self.look_at(files, jobs)
        if bad:
            of_files = f"{bad:,} of {counted(len(files), 'file', 'files')} of {slug}"
            raise CommandError(f"{of_files} {'is' if bad == 1 else 'are'} bad; named above.")
        videos, num_files = len(manifest.rows), len(files)
        found = f"{counted(videos, 'video', 'videos')} and {counted(num_files, 'file', 'files')}"
        self.stdout.write(f"{slug}: {found} are what was exported.")

    def look_at(self, files: list[Wanted], jobs: int) -> int:
        """Verify the files and say what is wrong; return how many are bad."""
        bad = 0
        try:
            for each in found_bad(files, verifying.stored_files(jobs), jobs, task="Verifying"):
                bad += 1
                self.stderr.write(f"{each.wanted.name}: {each.problem}")
        except fetching.Stopped as exc:
            raise CommandError("Stopped before every file was looked at.") from exc
        return bad


def found_bad(files: Sequence[Wanted], source: Source, jobs: int, *, task: str) -> Iterator[fetching.Fetched]:
    """Read every byte of the files and yield those that are not what they should be, drawing a bar.

    Raises:
        Stopped: By a signal.
    """
    with stop_on_signals() as stop, byte_bar() as bar:
        row = bar.add_task(task, total=sum(wanted.num_bytes for wanted in files))
        for each in fetching.verify(
            files, source, jobs=jobs, stop=stop, on_bytes=lambda count: bar.advance(row, count)
        ):
            if each.problem:
                yield each


def at_least_one(text: str) -> int:
    """Read a number of things to do at a time.

    Raises:
        ArgumentTypeError: With none at a time nothing would ever be done; said beside the option's name.
    """
    if not text.isascii() or not text.isdigit() or not int(text):
        raise ArgumentTypeError(f"must be a whole number from 1 on, got {text!r}")
    return int(text)


def byte_bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=console(), transient=True, refresh_per_second=4)
