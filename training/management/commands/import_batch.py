import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import track

from config.console import console, stop_on_signals
from labeling.collecting.importing import Result, conflicts_in_words
from training.batches import importing
from training.batches.counted import skipped


class Command(BaseCommand):
    help = "Import a batch that another site exported: videos, labels and splits, with where they come from."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("manifest", type=Path, help="Its manifest, a Parquet file.")
        parser.add_argument("--media", type=Path, required=True, metavar="DIR", help="Where its files are.")
        parser.add_argument("--json", action="store_true", help="One object per video on stdout.")

    def handle(self, *args: Any, manifest: Path, media: Path, **options: Any) -> None:
        try:
            batch = importing.open_batch(manifest, media)
            if batch.num_withdrawn:
                self.stderr.write(skipped(batch.num_withdrawn))
            results = self.take_in(batch, is_json=options["json"])
        except (importing.CannotImport, OSError) as exc:
            raise CommandError(str(exc)) from exc
        states = [result.state for result in results]
        new, known, refused = states.count("new"), states.count("known"), states.count("refused")
        self.stderr.write(f"{new:,} videos imported, {known:,} were there already, {refused:,} refused.")
        if conflicts := conflicts_in_words(results):
            self.stderr.write(conflicts)
        if refused:
            raise CommandError(f"{refused:,} videos were refused; the others are in. See those named above.")

    def take_in(self, batch: importing.Foreign, *, is_json: bool) -> list[Result]:
        results: list[Result] = []
        with stop_on_signals() as stopping:
            found = track(batch.take_in(), total=len(batch), description="Importing", console=console())
            for result in found:
                results.append(result)
                if is_json:
                    self.stdout.write(json.dumps(result.to_dict()))
                elif said := result.error or result.conflict:
                    self.stderr.write(f"{result.file}: {said}")
                if stopping.is_set():
                    raise CommandError(
                        f"Stopped after {len(results):,} of {len(batch):,} videos. Run it again to go on."
                    )
        return results
