from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from training.batches import withdrawing


class Command(BaseCommand):
    help = "Take videos back: future batches, fetching and training leave them out. Cannot be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "videos", nargs="+", metavar="VIDEO", help="A key, a number, or a post's link (all its videos)."
        )
        parser.add_argument("--reason", default="", help="Kept with the withdrawal.")
        parser.add_argument(
            "--purge", action="store_true", help="Remove the files and the author's words, too, for good."
        )

    def handle(self, *args: Any, videos: list[str], reason: str, purge: bool, **options: Any) -> None:
        try:
            found = withdrawing.find(videos)
            withdrawn = withdrawing.withdraw(found, reason=reason, purge=purge)
        except withdrawing.NoSuchVideo as exc:
            raise CommandError(str(exc)) from exc
        except OSError as exc:
            raise CommandError(f"Not all of it could be done: {exc}. Run it again to go on.") from exc
        for each in withdrawn:
            self.stdout.write(in_words(each, purge=purge))


def in_words(withdrawn: withdrawing.Withdrawn, *, purge: bool) -> str:
    said = "withdrawn" if withdrawn.is_news else "was withdrawn already"
    if purge:
        said += f", {withdrawn.files_in_words} and its words removed"
    if withdrawn.batches:
        said += f"; still named in {', '.join(withdrawn.batches)}, which training skips"
    return f"{withdrawn.video.key}: {said}."
