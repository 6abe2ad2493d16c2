import json
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import Progress

from config.console import console, stop_on_signals
from labeling.collecting import relooking


class Command(BaseCommand):
    help = (
        "Fingerprint stored videos that have no fingerprint or an old one, and group those of one footage. "
        "Stopped, it goes on where it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="One object per video on stdout.")

    def handle(self, *args: Any, **options: Any) -> None:
        videos = relooking.to_look_at()
        total, counts = videos.count(), Counter[str]()
        with stop_on_signals() as stopping, Progress(console=console()) as bar:
            task = bar.add_task("Fingerprinting", total=total)
            for looked in relooking.look_again(videos, stopping):
                counts["failed" if looked.error else "moved" if looked.is_moved else "same"] += 1
                self.tell(looked, is_json=options["json"])
                bar.advance(task)
        self.sum_up(counts, total)

    def tell(self, looked: relooking.Looked, *, is_json: bool) -> None:
        if is_json:
            self.stdout.write(json.dumps(looked.to_dict()))
        elif looked.error:
            self.stderr.write(f"{looked.key}: {looked.error}")

    def sum_up(self, counts: Counter[str], total: int) -> None:
        num_done = counts["same"] + counts["moved"]
        self.stderr.write(f"{num_done:,} videos fingerprinted, {counts['moved']:,} joined another group.")
        if counts.total() < total:
            raise CommandError(
                f"Stopped after {counts.total():,} of {total:,} videos. Run it again to go on."
            )
        if counts["failed"]:
            raise CommandError(
                f"{counts['failed']:,} videos could not be read. Look at their files, run it again."
            )
