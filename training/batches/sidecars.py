"""The files of a batch beside its media: the manifest, `clips.csv`, and what describes both to machines."""

import json
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.core.files.storage import default_storage

from labeling import storage
from training.batches import clips_csv, croissant
from training.batches.rows import ManifestRow
from training.models import TrainingBatch

MANIFEST = "manifest.parquet"
CLIPS = "clips.csv"
CROISSANT = "croissant.json"

SUFFIXES = {MANIFEST: ".parquet", CLIPS: ".clips.csv", CROISSANT: ".croissant.json"}
"""What stands behind the slug in the names under which people get them."""


def stored_name(batch: TrainingBatch, part: str) -> str:
    return f"batches/{batch.digest}{SUFFIXES[part]}"


def file_name(batch: TrainingBatch, part: str) -> str:
    return f"{batch.slug}{SUFFIXES[part]}"


def missing_manifest(batch: TrainingBatch) -> str:
    """Say where the manifest of a batch should be, and how it comes back."""
    return (
        f"The manifest of {batch.slug} is missing from the storage: {storage.place_of(batch.manifest_name)}. "
        f"{restore_manifest(batch)}"
    )


def restore_manifest(batch: TrainingBatch) -> str:
    """Say how the manifest of a batch comes back. No export gives it again: its name is taken."""
    return (
        f"Restore it from a backup, or put back {file_name(batch, MANIFEST)} from a folder that the batch "
        "was fetched into: they are the same bytes."
    )


def no_answer(error: storage.BucketError) -> str:
    """Say that the bucket cannot be read now: what is in it may be as good as ever."""
    remedy = "Look whether it is up and takes the keys, then try again."
    return f"The storage cannot be read: {error.strerror}. {remedy}"


def store(batch: TrainingBatch, folder: Path) -> str:
    """Describe the files in `folder` and put them all into the storage; return the manifest's name there."""
    describe(batch, folder)
    # The manifest last: where it stands, the others do.
    for part in (CLIPS, CROISSANT, MANIFEST):
        storage.store_as(folder / part, stored_name(batch, part))
    return stored_name(batch, MANIFEST)


def describe(batch: TrainingBatch, folder: Path) -> None:
    """Write the description of the manifest and `clips.csv` in `folder` beside them."""
    assert batch.exported_at is not None
    described = croissant.describe(
        slug=batch.slug,
        digest=batch.digest,
        num_videos=batch.num_videos,
        exported_at=batch.exported_at.isoformat(),
        manifest=_part(batch, folder, MANIFEST, "application/x-parquet"),
        clips=_part(batch, folder, CLIPS, "text/csv"),
    )
    (folder / CROISSANT).write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")


def differing(batch: TrainingBatch, manifest_path: Path, rows: Iterable[ManifestRow]) -> Iterator[str]:
    """Yield the files beside a manifest that are missing, or not what follows from it.

    They are written anew and compared: a hash beside them would only say that both were edited. Whoever
    changes how they are written makes older batches differ here, and must keep the old way for those.
    """
    with tempfile.TemporaryDirectory(dir=storage.temporary_folder()) as name:
        folder = Path(name)
        (folder / MANIFEST).symlink_to(manifest_path.resolve())
        deque(clips_csv.written(rows, folder / CLIPS), maxlen=0)
        describe(batch, folder)
        for part in (CLIPS, CROISSANT):
            if problem := _problem(stored_name(batch, part), folder / part):
                yield f"{file_name(batch, part)} ({storage.place_of(stored_name(batch, part))}) {problem}"


def _problem(name: str, expected: Path) -> str:
    try:
        with storage.as_a_disk(), default_storage.open(name) as stored:
            is_same = stored.read() == expected.read_bytes()
    except FileNotFoundError:
        return "is missing"
    return "" if is_same else "is altered: it is not what follows from the manifest"


def _part(batch: TrainingBatch, folder: Path, part: str, encoding: str) -> croissant.Part:
    path = folder / part
    with path.open("rb") as file:
        sha256 = storage.hash_file(file)
    return croissant.Part(file_name(batch, part), sha256, path.stat().st_size, encoding)
