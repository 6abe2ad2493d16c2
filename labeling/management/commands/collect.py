import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import Progress

from config.console import console, stop_on_signals
from labeling.collecting import adding, reporting, working
from labeling.models import AddedHow, Post


class Command(BaseCommand):
    help = "Collect X posts: every variant of every video. Waits until all are stored or have failed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("urls", nargs="*", metavar="URL")
        parser.add_argument("--file", type=Path, metavar="F", help="A text file with one link a line.")
        parser.add_argument("--json", action="store_true", help="One object per link on stdout.")

    def handle(self, *args: Any, urls: list[str], file: Path | None, **options: Any) -> None:
        lines = [*urls, *(_lines(file) if file else [])]
        if not lines:
            raise CommandError(
                "Name links, or a file of them: manage.py collect https://x.com/name/status/123"
            )
        added = adding.add_links(lines, user=None, how=AddedHow.COMMAND)
        self.wait([link.post for link in added if link.post])
        reports = [reporting.report(link) for link in added]
        for report in reports:
            self.tell(report, is_json=options["json"])
        if failed := sum(not report.is_stored for report in reports):
            raise CommandError(f"{failed} of {len(reports)} links were not stored; the lines above say why.")

    def wait(self, posts: list[Post]) -> None:
        with stop_on_signals() as stopping, Progress(console=console()) as bar:
            task = bar.add_task("Collecting", total=None)
            for progress in working.wait_for(posts, stopping):
                bar.update(task, total=progress.num_jobs, completed=progress.num_finished)
            if stopping.is_set():
                raise CommandError(
                    "Stopped. What is queued stays queued; run it again, or `manage.py up`, to go on."
                )

    def tell(self, report: reporting.Report, *, is_json: bool) -> None:
        if is_json:
            self.stdout.write(json.dumps(report.to_dict()))
        elif report.is_stored:
            self.stdout.write(
                f"{report.url}: {report.num_stored} variants of {len(report.videos)} videos stored."
            )
        else:
            self.stderr.write(f"{report.url}: {report.failure}")


def _lines(file: Path) -> list[str]:
    try:
        return [line for line in file.read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as exc:
        raise CommandError(f"{file} cannot be read as text: {exc}.") from exc
