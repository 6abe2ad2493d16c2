from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.console import console
from labeling.models import EvidenceKind
from training import export
from training.batches.filters import LABELS, BadFilter, BatchFilters
from training.evaluating import cautions
from training.pages import figures


class Command(BaseCommand):
    help = "Export every settled video, or those that pass all filters, as an immutable batch."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "slug", nargs="?", default="", help="Such as v5.1; the next free version if left out."
        )
        parser.add_argument("--json", action="store_true", help="The batch as one object on stdout.")
        group = parser.add_argument_group(
            "filters", "Those that may be given several times take any of them."
        )
        group.add_argument("--label", action="append", default=[], metavar="LABEL", help=", ".join(LABELS))
        group.add_argument(
            "--evidence",
            action="append",
            default=[],
            metavar="KIND",
            help=f"AI-generated videos only with it: {', '.join(EvidenceKind.values)}",
        )
        group.add_argument("--author", action="append", default=[], metavar="HANDLE")
        group.add_argument("--since", default="", metavar="DAY", help="Posted on this day or later.")
        group.add_argument("--until", default="", metavar="DAY", help="Posted on this day or earlier.")
        group.add_argument(
            "--min-answers", type=int, default=0, metavar="N", help="Settled by at least N people who agree."
        )

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        try:
            with console().status("Exporting…"):
                batch = export.export_batch(slug, filters=filters_of(options))
        except export.ExportHindered as exc:
            raise CommandError(f"{exc} Mend that, or free some room, and run it again.") from exc
        except (export.ExportError, BadFilter) as exc:
            raise CommandError(str(exc)) from exc
        figures.recount_at_once()
        for caution in cautions.cautions(batch):
            self.stderr.write(caution)
        if options["json"]:
            self.stdout.write(export.counts_json(batch))
            return
        self.stdout.write(
            f"{batch.slug}: {batch.num_train:,} training, {batch.num_validation:,} validation and "
            f"{batch.num_test:,} test videos, digest {batch.digest[:12]}.\n"
            f"Train on it: manage.py train_batch {batch.slug}"
        )


def filters_of(options: dict[str, Any]) -> BatchFilters:
    return BatchFilters(
        labels=tuple(options["label"]),
        evidence=tuple(options["evidence"]),
        authors=tuple(options["author"]),
        since=options["since"],
        until=options["until"],
        min_answers=options["min_answers"],
    )
