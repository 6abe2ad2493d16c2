"""A batch as one Parquet file: one row per video, known by the digest of its canonical rows.

The digest is SHA-256 over one line of JSON per row (sorted keys, no spaces, floats by repr), rows sorted by
video: it does not change with Parquet's version, compression or row groups. Loads neither torch nor Django.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from training.batches import parquet
from training.batches.parquet import ManifestError
from training.batches.rows import ManifestRow, VariantRow

__all__ = [
    "Manifest",
    "ManifestError",
    "ManifestRow",
    "VariantRow",
    "canonical_digest",
    "iter_rows",
    "read_manifest",
    "write_manifest",
]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A batch as read from its file; the digest has been verified."""

    slug: str
    digest: str
    rows: tuple[ManifestRow, ...] = field(repr=False)
    filters: Mapping[str, Any] = field(default_factory=dict)
    created_at: str = ""

    def of_split(self, split: str) -> list[ManifestRow]:
        return [row for row in self.rows if row.split == split]

    def without(self, videos: Collection[str]) -> Self:
        """Give the batch less some videos, withdrawn since; its digest stays that of what was exported."""
        return replace(self, rows=tuple(row for row in self.rows if row.video not in videos))


def canonical_digest(rows: Iterable[ManifestRow]) -> str:
    """Give the batch's identity, holding one row at a time.

    Raises:
        ValueError: The rows are not sorted by `video`, or one comes twice.
    """
    digest = hashlib.sha256()
    for row in _sorted_only(rows):
        digest.update(row.canonical_line())
    return digest.hexdigest()


def write_manifest(
    rows: Iterable[ManifestRow],
    path: Path,
    *,
    slug: str,
    filters: Mapping[str, Any],
    created_at: str,
    digest: str = "",
) -> str:
    """Write the batch, whole or not at all, holding a group of rows at a time; return its digest.

    Raises:
        ValueError: The rows are not sorted by `video`, or one comes twice.
        ManifestError: The rows are not those of `digest`, if one is given. What was at `path` is still there.
    """
    sha256 = hashlib.sha256()

    def metadata() -> dict[str, str]:
        if digest and sha256.hexdigest() != digest:
            what = f"rows have digest {sha256.hexdigest()[:12]}…, the batch has {digest[:12]}…"
            raise ManifestError(path, what, "Rows changed while writing; export the batch again.")
        return {
            "slug": slug,
            "digest": sha256.hexdigest(),
            "schema_version": parquet.SCHEMA_VERSION,
            "filters": json.dumps(filters, sort_keys=True),
            "created_at": created_at,
        }

    parquet.write_rows(_hashed(rows, sha256.update), path, metadata)
    return sha256.hexdigest()


def read_manifest(path: Path | str) -> Manifest:
    """Read a batch and verify that its rows are those of its digest.

    Raises:
        ManifestError: Missing, not a manifest, of a newer version, damaged or altered.
    """
    path = Path(path)
    metadata = parquet.read_metadata(path)
    sha256 = hashlib.sha256()
    try:
        rows = tuple(_hashed(iter_rows(path), sha256.update))
    except (ValueError, TypeError) as exc:
        raise ManifestError(path, str(exc), parquet.FETCH) from exc
    if sha256.hexdigest() != metadata["digest"]:
        raise ManifestError(path, "rows do not match the digest: the file was altered", parquet.FETCH)
    return Manifest(
        slug=metadata["slug"],
        digest=metadata["digest"],
        rows=rows,
        filters=_filters(metadata["filters"], path),
        created_at=metadata["created_at"],
    )


def _filters(text: str, path: Path) -> dict[str, Any]:
    try:
        filters = json.loads(text)
    except ValueError as exc:
        raise ManifestError(path, f"is damaged: its filters are no JSON ({exc})", parquet.FETCH) from exc
    if not isinstance(filters, dict):
        raise ManifestError(path, f"is damaged: its filters are no object, but {text}", parquet.FETCH)
    return filters


def iter_rows(path: Path) -> Iterator[ManifestRow]:
    """Yield the rows of a file without verifying the digest, a group of them in memory.

    Raises:
        ManifestError: As `read_manifest`, and for a row that breaks a rule.
    """
    for values in parquet.read_rows(path):
        try:
            yield ManifestRow.from_dict(values)
        except (ValueError, TypeError, KeyError) as exc:
            raise ManifestError(path, f"row {values.get('video')!r}: {exc}", parquet.FETCH) from exc


def _hashed(rows: Iterable[ManifestRow], update: Callable[[bytes], object]) -> Iterator[ManifestRow]:
    for row in _sorted_only(rows):
        update(row.canonical_line())
        yield row


def _sorted_only(rows: Iterable[ManifestRow]) -> Iterator[ManifestRow]:
    previous = ""
    for row in rows:
        if row.video <= previous:
            raise ValueError(f"rows must be sorted by video, each once: {row.video!r} after {previous!r}")
        previous = row.video
        yield row
