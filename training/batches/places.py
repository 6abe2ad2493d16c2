"""Where a batch is fetched from: this site by its name, a manifest's file, or another server's address."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.core.files.storage import default_storage

from labeling import storage
from training import runs
from training.batches import sidecars, verifying, withdrawing, withdrawn
from training.batches.fetching import FetchError
from training.batches.manifest import Manifest, ManifestError, read_manifest
from training.batches.remote import Server
from training.batches.sources import Source, Wanted, Web
from training.files import written_durably


@dataclass(frozen=True, slots=True)
class Place:
    """A batch as it is to be fetched: without what was withdrawn."""

    manifest: Manifest
    manifest_path: Path
    """In the folder that it is fetched into."""
    num_skipped: int
    remedy: str
    """Where files are looked for, and what to do if they are not there."""
    server: Server | None = None

    def source(self, files: Sequence[Wanted], connections: int) -> Source:
        if self.server is None:
            return verifying.stored_files(connections)
        self.server.expect(files)
        return Web(self.server.address_of, connections=connections)


def from_site(slug: str, into: Path) -> Place:
    """Take a batch of this site's database.

    Raises:
        FetchError: There is none, its manifest is missing or altered, or the storage cannot be read.
    """
    try:
        batch = runs.exported_batch(slug)
    except runs.RunError as exc:
        raise FetchError(str(exc)) from exc
    try:
        path = storage.local_copy(batch.manifest_name, anew=True)
    except FileNotFoundError as exc:
        raise FetchError(sidecars.missing_manifest(batch)) from exc
    except storage.BucketError as exc:
        raise FetchError(sidecars.no_answer(exc)) from exc
    try:
        manifest = read_manifest(path)
    except ManifestError as exc:
        raise FetchError(verifying.damaged(batch, exc)) from exc
    remedy = (
        f"Looked in {storage.place_of('')}. `manage.py verify_batch {slug}` names all that are bad there: "
        "restore them from a backup, then run this again."
    )
    return _place(manifest, path, into, withdrawing.withdrawn_keys(batch), remedy)


def from_file(path: Path, into: Path) -> Place:
    """Take a manifest's file, its media from the storage that the settings name. Asks no database.

    Raises:
        FetchError: It cannot be read, or was altered; or the storage cannot be read.
    """
    try:
        manifest = read_manifest(path)
    except ManifestError as exc:
        raise FetchError(str(exc)) from exc
    remedy = (
        f"Looked in {storage.place_of('')}, which the settings name. For files of another machine give its "
        f"address, --manifest https://…/api/batches/{manifest.slug}/manifest, or the settings of its bucket "
        "(S3_BUCKET)."
    )
    return _place(manifest, path, into, _published_list(), remedy)


def from_url(url: str, token: str, into: Path) -> Place:
    """Take a batch from another machine's server. Asks no database.

    Raises:
        FetchError: The server does not give it.
    """
    server = Server(url, token)
    # No batch's name begins with a dot: an older one may be called `incoming`, and must not be removed.
    path = into / ".incoming.parquet"
    server.save_manifest(path)
    try:
        manifest = read_manifest(path)
        remedy = (
            f"Asked {server.base}. Run it again; what then does not come either is bad there, and "
            f"`manage.py verify_batch {manifest.slug}` on that machine names it."
        )
        return _place(manifest, path, into, server.withdrawn(), remedy, server)
    except ManifestError as exc:
        # The file is gone by the time that this is read.
        raise FetchError(f"{server.base}/manifest: {exc.what}. {exc.remedy}") from exc
    finally:
        path.unlink(missing_ok=True)


def _place(
    manifest: Manifest,
    path: Path,
    into: Path,
    taken_back: Sequence[str],
    remedy: str,
    server: Server | None = None,
) -> Place:
    try:
        # The list first: where a manifest stands, training knows what to skip of it.
        known = withdrawn.add(into, taken_back)
    except ValueError as exc:
        raise FetchError(str(exc)) from exc
    target = into / f"{manifest.slug}.parquet"
    if not target.exists() or not path.samefile(target):
        with written_durably(target) as temporary:
            temporary.write_bytes(path.read_bytes())
    kept, num_skipped = withdrawn.taken_out(manifest, known)
    return Place(kept, target, num_skipped, remedy, server)


def _published_list() -> list[str]:
    """Return the withdrawn videos as the storage has them."""
    try:
        with storage.as_a_disk(), default_storage.open(withdrawing.LIST_NAME) as file:
            return withdrawn.keys_of(json.load(file))
    except FileNotFoundError:
        return []
    except storage.BucketError as exc:
        raise FetchError(sidecars.no_answer(exc)) from exc
    except ValueError as exc:
        raise FetchError(
            f"{storage.place_of(withdrawing.LIST_NAME)} is damaged. Write it anew where the database is: "
            "manage.py withdraw VIDEO, with one that is withdrawn already."
        ) from exc
