from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.console import console, stop_on_signals
from training.batches import fetching, places, shards
from training.batches.counted import counted, skipped
from training.batches.sources import Folder, Wanted
from training.management.commands.verify_batch import at_least_one, byte_bar, found_bad

AT_ONCE = 8


class Command(BaseCommand):
    help = (
        "Fetch a batch for training: what is missing of it, verified, and what is no longer what came. "
        "Every byte is read. Run it again to go on."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", nargs="?", help="A batch of this site, such as v5.0.")
        parser.add_argument(
            "--manifest",
            metavar="F|URL",
            help="A manifest's file, or its address: https://…/api/batches/v5.0/manifest. No database.",
        )
        parser.add_argument("--into", type=Path, required=True, metavar="DIR")
        parser.add_argument(
            "--token",
            default=settings.CAKELENS_TOKEN,
            help="For an address; the environment's CAKELENS_TOKEN if left out.",
        )
        parser.add_argument(
            "--jobs", type=at_least_one, default=AT_ONCE, metavar="N", help="Files at a time."
        )
        parser.add_argument(
            "--shards", action="store_true", help=f"Pack it into DIR/{shards.FOLDER}, for WebDataset."
        )

    def handle(self, *args: Any, into: Path, **options: Any) -> None:
        try:
            into.mkdir(parents=True, exist_ok=True)
            place = self.place(into, options)
            if place.num_skipped:
                self.stderr.write(skipped(place.num_skipped))
            self.fetch(place, into, options["jobs"])
            if options["shards"]:
                self.pack(place, into, options["jobs"])
        except fetching.Stopped as exc:
            raise CommandError("Stopped. What came is kept: run it again to go on.") from exc
        except (fetching.FetchError, OSError) as exc:
            raise CommandError(str(exc)) from exc
        videos = counted(len(place.manifest.rows), "video is", "videos are")
        self.stdout.write(
            f"{place.manifest.slug}: {videos} in {into}.\n"
            f"Train on it: manage.py train_batch --manifest {place.manifest_path} --media {into}"
        )

    def place(self, into: Path, options: dict[str, Any]) -> places.Place:
        manifest = options["manifest"] or ""
        if manifest and options["slug"]:
            raise CommandError(
                f"Give either {options['slug']}, a batch of this site, or --manifest, which names its own."
            )
        if manifest.startswith(("https://", "http://")):
            return places.from_url(manifest, options["token"], into)
        if manifest:
            return places.from_file(Path(manifest), into)
        if options["slug"]:
            return places.from_site(options["slug"], into)
        raise CommandError("Name a batch, or give --manifest.")

    def fetch(self, place: places.Place, into: Path, jobs: int) -> None:
        """Fetch what is missing or altered.

        Raises:
            FetchError: Some files did not come; they have been named.
        """
        files = fetching.wanted_files(place.manifest.rows)
        lacking = self.lacking(files, into, jobs)
        fetching.check_room(lacking, into)
        bad = 0
        with stop_on_signals() as stop, byte_bar() as bar:
            task = bar.add_task("Fetching", total=sum(wanted.num_bytes for wanted in lacking))
            for each in fetching.fetch(
                lacking,
                place.source(lacking, jobs),
                into,
                jobs=jobs,
                stop=stop,
                on_bytes=lambda count: bar.advance(task, count),
            ):
                if each.problem:
                    bad += 1
                    self.stderr.write(f"{each.wanted.name}: {each.problem}")
        if bad:
            raise fetching.FetchError(
                f"{bad:,} of {len(files):,} files did not come; those above, by name. {place.remedy}"
            )
        fetched = counted(len(lacking), "file", "files")
        here = counted(len(files) - len(lacking), "was", "were")
        self.stderr.write(f"{fetched} fetched, {here} here already.")

    def lacking(self, files: Sequence[Wanted], into: Path, jobs: int) -> list[Wanted]:
        """Return the files to fetch: those missing, and those that are no longer what came."""
        missing = fetching.missing(files, into)
        gone = set(missing)
        here = [wanted for wanted in files if wanted not in gone]
        altered = []
        for each in found_bad(here, Folder(into), jobs, task="Looking at what is here"):
            self.stderr.write(f"{each.wanted.name}: {each.problem}. It is fetched again.")
            altered.append(each.wanted)
        return [*missing, *altered]

    def pack(self, place: places.Place, into: Path, jobs: int) -> None:
        folder = into / shards.FOLDER
        if self.is_packed(place, folder, jobs):
            self.stderr.write(f"{folder} holds it already.")
            return
        with stop_on_signals() as stop, console().status("Packing…"):
            for _ in shards.pack(place.manifest, into, folder):
                if stop.is_set():
                    raise fetching.Stopped
        self.stderr.write(f"Packed into {folder}.")

    def is_packed(self, place: places.Place, folder: Path, jobs: int) -> bool:
        """Tell whether the shards are there and every byte of them is what was packed; name those altered."""
        packed = shards.packed(place.manifest, folder)
        bad = list(found_bad(packed, Folder(folder), jobs, task="Looking at the shards"))
        for each in bad:
            self.stderr.write(f"{folder / each.wanted.name}: {each.problem}. All is packed again.")
        return bool(packed) and not bad
