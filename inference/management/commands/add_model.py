from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inference import registry


class Command(BaseCommand):
    help = "Take in weights as a model version: a local file, or a repository on the Hugging Face Hub."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("--path", type=Path, help="A .safetensors or .pth file.")
        source.add_argument("--hub", metavar="REPO", help="Such as fangpenlin/cakelens-v5.")
        parser.add_argument(
            "--file", default="", help="The file in the repository (default: model.safetensors)."
        )

    def handle(
        self, *args: Any, slug: str, path: Path | None, hub: str | None, file: str, **options: Any
    ) -> None:
        from cakelens.errors import CakeLensError
        from cakelens.weights import HUB_FILE, HUB_REPO, HUB_WEIGHTS, download
        from inference import runner

        try:
            weights = path or download(str(hub), file or (HUB_FILE if hub == HUB_REPO else HUB_WEIGHTS))
            model = registry.register(slug, weights, runner.describe(weights), registry.Origin())
        except (CakeLensError, registry.RegistryError, OSError) as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(
            f"Added {model.slug} ({model.architecture}). Promote it: manage.py promote_model {slug}"
        )
