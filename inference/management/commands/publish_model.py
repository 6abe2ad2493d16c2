from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inference import publishing
from inference.publishing import Publication


class Command(BaseCommand):
    help = "Publish a model on the Hugging Face Hub. Without --yes it shows what it would upload."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument(
            "--repo", required=True, metavar="USER/NAME", help="The repository to publish it in."
        )
        parser.add_argument("--yes", action="store_true", help="Really upload.")
        parser.add_argument(
            "--private", action="store_true", help="Make the repository private, if it is new."
        )

    def handle(self, *args: Any, slug: str, repo: str, yes: bool, private: bool, **options: Any) -> None:
        try:
            with publishing.prepared(slug, repo) as publication:
                self._tell(publication)
                if yes:
                    address = publishing.upload(publication, is_private=private)
                    self.stdout.write(f"Published {slug}: {address}")
                else:
                    self.stdout.write("Nothing was uploaded. To publish it, add --yes.")
        except publishing.PublishError as exc:
            raise CommandError(str(exc)) from exc

    def _tell(self, publication: Publication) -> None:
        self.stdout.write(publication.card)
        self.stdout.write(f"Files for {publication.repo}:")
        for path in publication.files:
            self.stdout.write(f"  {path.name:20} {path.stat().st_size / 1e6:10.3f} MB")
