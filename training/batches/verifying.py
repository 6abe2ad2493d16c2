"""Is a batch still what was exported? The manifest's bytes, its digest, and every byte of every file."""

import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

from labeling import storage
from training.batches import parquet, sidecars
from training.batches.fetching import wanted_files
from training.batches.manifest import Manifest, ManifestError, read_manifest, write_manifest
from training.batches.rows import ManifestRow
from training.batches.sources import Address, Folder, Source, Wanted, Web
from training.files import sha256_of
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
        raise BadBatch(damaged(batch, exc)) from exc
    if manifest.digest != batch.digest:
        what = f"holds batch {manifest.digest[:12]}…, not {batch.slug} ({batch.digest[:12]}…)"
        raise BadBatch(f"{path}: {what}. {sidecars.restore_manifest(batch)}")
    if len(manifest.rows) != batch.items.count():
        what = f"names {len(manifest.rows):,} videos, the batch {batch.items.count():,}"
        raise BadBatch(f"{path}: {what}. {sidecars.restore_manifest(batch)}")
    _check_bytes(batch, path, manifest.rows)
    if bad := [*sidecars.differing(batch, path, manifest.rows)]:
        raise BadBatch(f"{'; '.join(bad)}. Restore what is named from a backup.")
    return manifest


def damaged(batch: TrainingBatch, error: ManifestError) -> str:
    """Say what is wrong with a manifest of this site, and how it comes back: nowhere is it to be fetched."""
    remedy = error.remedy.replace(parquet.FETCH, sidecars.restore_manifest(batch))
    return f"{storage.place_of(batch.manifest_name)}: {error.what}. {remedy}"


def _fresh_copy(batch: TrainingBatch) -> Path:
    """Return the manifest as a path of this machine; from a bucket as it is now, not an older copy."""
    try:
        return storage.local_copy(batch.manifest_name, anew=True)
    except FileNotFoundError as exc:
        raise BadBatch(sidecars.missing_manifest(batch)) from exc


def _check_bytes(batch: TrainingBatch, path: Path, rows: Iterable[ManifestRow]) -> None:
    """Compare the file's own hash with the one beside it: a byte may change that no row reads."""
    name = sidecars.stored_name(batch, sidecars.CROISSANT)
    named = f"{sidecars.file_name(batch, sidecars.CROISSANT)} ({storage.place_of(name)})"
    try:
        with storage.as_a_disk(), default_storage.open(name) as file:
            described = json.load(file)["distribution"][0]["sha256"]
    except (FileNotFoundError, ValueError, LookupError, TypeError) as exc:
        raise BadBatch(f"{named} is missing or damaged. Restore it from a backup.") from exc
    found = sha256_of(path)
    if found == described:
        return
    # The rows are right, or we would not be here: written anew, they say which of the two is not.
    wanted = _written_anew(batch, rows)
    if found == wanted:
        raise BadBatch(f"{named} is altered: it gives the manifest another sha256. Restore it from a backup.")
    if described == wanted:
        what = "its bytes are not those that were exported"
        raise BadBatch(f"{path}: {what}. {sidecars.restore_manifest(batch)}")
    raise BadBatch(
        f"{path} or {named} is altered: the manifest has another sha256 than its description says. "
        "Restore both from a backup."
    )


def _written_anew(batch: TrainingBatch, rows: Iterable[ManifestRow]) -> str:
    """Return the sha256 that the exported manifest had, if the same version of pyarrow wrote it."""
    with tempfile.TemporaryDirectory(dir=storage.temporary_folder()) as folder:
        path = Path(folder) / sidecars.MANIFEST
        created_at = batch.frozen_at.isoformat()
        write_manifest(rows, path, slug=batch.slug, filters=batch.filters, created_at=created_at)
        return sha256_of(path)


def files_of(manifest: Manifest, withdrawn: Sequence[str]) -> tuple[list[Wanted], int]:
    """Return the files to verify, and how many videos were withdrawn since: theirs may be gone."""
    kept = manifest.without(set(withdrawn))
    return wanted_files(kept.rows), len(manifest.rows) - len(kept.rows)
