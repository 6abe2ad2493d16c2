"""Is a batch still what was exported? The manifest's bytes, its digest, and every byte of every file."""

import json
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

from labeling import storage
from training.batches import sidecars
from training.batches.fetching import wanted_files
from training.batches.manifest import Manifest, ManifestError, read_manifest
from training.batches.sources import Address, Folder, Source, Wanted, Web
from training.models import TrainingBatch

SIGNED_SECONDS = 3600


class BadBatch(Exception):
    """The manifest of a batch is not what was exported, or cannot be read; the message says how."""


def stored_files(connections: int) -> Source:
    """Return where stored files are read from: the disk, or the bucket by presigned addresses."""
    if storage.is_local():
        return Folder(Path(default_storage.path("")))
    # One client for all threads: the storage would open a session for each.
    sign = default_storage.bucket.meta.client.generate_presigned_url  # type: ignore[attr-defined]  # S3's

    def address_of(wanted: Wanted) -> Address:
        where = {"Bucket": settings.S3_BUCKET, "Key": wanted.name}
        return Address(sign("get_object", Params=where, ExpiresIn=SIGNED_SECONDS), {})

    return Web(address_of, connections=connections)


def check_manifest(batch: TrainingBatch) -> Manifest:
    """Read a batch's manifest from the storage and hold it against the database and its description.

    Raises:
        BadBatch: It is missing or altered, or says something else than the batch's row; or so is one of the
            files beside it, which are named; or the storage cannot be read now.
    """
    try:
        return _checked(batch)
    except storage.BucketError as exc:
        raise BadBatch(sidecars.no_answer(exc)) from exc


def _checked(batch: TrainingBatch) -> Manifest:
    path = _fresh_copy(batch)
    try:
        manifest = read_manifest(path)
    except ManifestError as exc:
        raise BadBatch(str(exc)) from exc
    if manifest.digest != batch.digest:
        raise BadBatch(
            f"{path}: holds batch {manifest.digest[:12]}…, not {batch.slug} ({batch.digest[:12]}…)."
        )
    if len(manifest.rows) != batch.items.count():
        raise BadBatch(f"{path}: names {len(manifest.rows):,} videos, the batch {batch.items.count():,}.")
    _check_bytes(batch, path)
    if bad := [*sidecars.differing(batch, path, manifest.rows)]:
        raise BadBatch(f"{'; '.join(bad)}. Restore what is named from a backup.")
    return manifest


def _fresh_copy(batch: TrainingBatch) -> Path:
    """Return the manifest as a path of this machine; from a bucket as it is now, not an older copy."""
    if not storage.is_local():
        (Path(settings.VAR_DIR) / "fetched" / batch.manifest_name).unlink(missing_ok=True)
    try:
        return storage.local_copy(batch.manifest_name)
    except FileNotFoundError as exc:
        raise BadBatch(sidecars.missing_manifest(batch)) from exc


def _check_bytes(batch: TrainingBatch, path: Path) -> None:
    """Compare the file's own hash with the one beside it: a byte may change that no row reads."""
    name = sidecars.stored_name(batch, sidecars.CROISSANT)
    try:
        with storage.as_a_disk(), default_storage.open(name) as file:
            described = json.load(file)["distribution"][0]["sha256"]
    except (FileNotFoundError, ValueError, LookupError, TypeError) as exc:
        named = f"{sidecars.file_name(batch, sidecars.CROISSANT)} ({storage.place_of(name)})"
        raise BadBatch(f"{named} is missing or damaged. Restore it from a backup.") from exc
    with path.open("rb") as file:
        if storage.hash_file(file) != described:
            raise BadBatch(f"{path}: its bytes are not those that were exported. Restore it from a backup.")


def files_of(manifest: Manifest, withdrawn: Sequence[str]) -> tuple[list[Wanted], int]:
    """Return the files to verify, and how many videos were withdrawn since: theirs may be gone."""
    kept = manifest.without(set(withdrawn))
    return wanted_files(kept.rows), len(manifest.rows) - len(kept.rows)
