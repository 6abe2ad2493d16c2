import json
from collections import Counter
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.progress import Progress

from config.console import console, stop_on_signals
from labeling.collecting import rechecking
from labeling.models import Post


class Command(BaseCommand):
    help = "Ask X whether collected posts are still there, and mark those that are gone. Stored files stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--older-than",
            type=float,
            default=1.0,
            metavar="DAYS",
            help="Skip what was collected or rechecked since. Run again, it goes on where it stopped. (1)",
        )
        parser.add_argument("--json", action="store_true", help="One object per post on stdout.")

    def handle(self, *args: Any, older_than: float, **options: Any) -> None:
        posts = Post.objects.to_recheck(before=timezone.now() - timedelta(days=older_than))
        total, counts = posts.count(), Counter[str]()
        with stop_on_signals() as stopping, Progress(console=console()) as bar:
            task = bar.add_task("Rechecking", total=total)
            for found in rechecking.recheck(posts, stopping):
                counts[found.state] += 1
                self.tell(found, is_json=options["json"])
                bar.advance(task)
        self.sum_up(counts, total)

    def tell(self, found: rechecking.Rechecked, *, is_json: bool) -> None:
        if is_json:
            self.stdout.write(json.dumps(found.to_dict()))
        elif found.state != "there":
            self.stderr.write(f"{found.url}: {found.message}")

    def sum_up(self, counts: Counter[str], total: int) -> None:
        self.stderr.write(
            f"{counts['there']:,} posts are there, {counts['gone']:,} are gone; what is stored of them stays."
        )
        if counts.total() < total:
            raise CommandError(f"Stopped after {counts.total():,} of {total:,} posts. Run it again to go on.")
        if counts["unknown"]:
            raise CommandError(f"{counts['unknown']:,} posts could not be asked for. Run it again later.")
