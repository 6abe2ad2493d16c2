from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inference import registry


class Command(BaseCommand):
    help = "Let a trained model suggest labels from now on, and queue its predictions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        try:
            num_queued = registry.promote(slug)
        except registry.RegistryError as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(
            f"{slug} suggests from now on. {num_queued:,} videos wait for its predictions: "
            "`manage.py predict --pending` runs them here, workers run them by themselves."
        )
