from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.console import console
from training import export


class Command(BaseCommand):
    help = "Export every settled video as an immutable batch."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "slug", nargs="?", default="", help="Such as v5.1; the next free version if left out."
        )
        parser.add_argument("--json", action="store_true", help="The batch as one object on stdout.")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        try:
            with console().status("Exporting…"):
                batch = export.export_batch(slug)
        except (export.ExportError, OSError) as exc:
            raise CommandError(str(exc)) from exc
        if options["json"]:
            self.stdout.write(export.counts_json(batch))
            return
        self.stdout.write(
            f"{batch.slug}: {batch.num_train:,} training, {batch.num_validation:,} validation and "
            f"{batch.num_test:,} test videos, digest {batch.digest[:12]}.\n"
            f"Train on it: manage.py train_batch {batch.slug}"
        )
