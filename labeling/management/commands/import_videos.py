import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import track

from config.console import console, stop_on_signals
from labeling.collecting import importing
from labeling.collecting.labels_csv import BadCsv


class Command(BaseCommand):
    help = "Import video files that never were on X, with the labels a CSV gives them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder", type=Path, metavar="DIR", help="A folder of .mp4, .mov, .mkv or .webm files."
        )
        parser.add_argument(
            "--labels", type=Path, metavar="CSV", help="Columns: file, label names, anything else."
        )
        parser.add_argument(
            "--dataset", default="", metavar="NAME", help="Where they come from; kept with each."
        )
        parser.add_argument("--json", action="store_true", help="One object per file on stdout.")

    def handle(self, *args: Any, folder: Path, labels: Path | None, **options: Any) -> None:
        try:
            plan = importing.plan(folder, labels, dataset=options.get("dataset") or "")
        except (BadCsv, importing.NothingToImport) as exc:
            raise CommandError(str(exc)) from exc
        results: list[importing.Result] = []
        with stop_on_signals() as stopping:
            for item in track(plan, description="Importing", console=console()):
                if stopping.is_set():
                    raise CommandError(
                        f"Stopped after {len(results)} of {len(plan)} files. Run it again to go on."
                    )
                results.append(self.take_in(item, is_json=options["json"]))
        self.conclude(results)

    def take_in(self, item: importing.Item, *, is_json: bool) -> importing.Result:
        try:
            result = importing.take_in(item)
        except OSError as exc:
            raise CommandError(f"Cannot store {item.name}: {exc}. Free space or give write access.") from exc
        if is_json:
            self.stdout.write(json.dumps(result.to_dict()))
        elif said := result.error or result.conflict:
            self.stderr.write(f"{result.file}: {said}")
        return result

    def conclude(self, results: list[importing.Result]) -> None:
        new = sum(result.state == "new" for result in results)
        known = sum(result.state == "known" for result in results)
        failed = len(results) - new - known
        self.stderr.write(f"{new} videos imported, {known} were there already, {failed} refused.")
        if conflicts := importing.conflicts_in_words(results):
            self.stderr.write(conflicts)
        if failed:
            raise CommandError(f"{failed} files were refused; the others are in. See those named above.")
