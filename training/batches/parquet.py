"""Rows of a manifest as a Parquet file: its columns, written and read in groups."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from cakelens.labels import V5_LABELS
from training.batches.rows import ManifestRow
from training.batches.slugs import SLUG
from training.files import written_durably

SCHEMA_VERSION = "1"
ROWS_PER_GROUP = 1000
"""Rows held in memory while writing or reading: about a megabyte."""

FETCH = "Fetch the manifest again."
"""What helps where a manifest was fetched; what helps at its own site, `verifying.damaged` says."""

VARIANT = pa.struct(
    [
        ("sha256", pa.string()),
        ("name", pa.string()),
        ("num_bytes", pa.int64()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("fps", pa.float64()),
        ("codec", pa.string()),
        ("bit_rate_bps", pa.int64()),
        ("num_frames", pa.int64()),
        ("duration_seconds", pa.float64()),
    ]
)
SCHEMA = pa.schema(
    [
        pa.field("video", pa.string(), nullable=False),
        pa.field("post", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("group", pa.string(), nullable=False),
        pa.field("author", pa.string()),
        pa.field("author_id", pa.string()),
        pa.field("posted_at", pa.string()),
        pa.field("method", pa.string(), nullable=False),
        pa.field("evidence", pa.list_(pa.string()), nullable=False),
        *(pa.field(label.value, pa.bool_()) for label in V5_LABELS),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("variants", pa.list_(VARIANT), nullable=False),
    ]
)
_KEYS = ("slug", "digest", "schema_version", "filters", "created_at")

_BROKEN = (pa.ArrowException, OSError, UnicodeDecodeError)
"""What pyarrow raises of a damaged file: a name or a text of it may be no text any more."""


class ManifestError(Exception):
    """A manifest that cannot be used: which file, what is wrong with it, what to do."""

    def __init__(self, path: Path, what: str, remedy: str) -> None:
        super().__init__(f"{path}: {what}. {remedy}")
        self.path, self.what, self.remedy = path, what, remedy


def write_rows(rows: Iterable[ManifestRow], path: Path, metadata: Callable[[], Mapping[str, str]]) -> None:
    """Write `rows` to `path`, whole or not at all.

    `metadata` is asked for when the last row is written: what is known of them all stands in the footer.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        written_durably(path) as temporary,
        parquet.ParquetWriter(temporary, SCHEMA, compression="zstd") as writer,
    ):
        for group in _groups(rows):
            writer.write_table(pa.Table.from_pylist(group, schema=writer.schema))
        writer.add_key_value_metadata(metadata())


def read_metadata(path: Path) -> dict[str, str]:
    """Give the file's own facts.

    Raises:
        ManifestError: Missing, damaged, not a manifest, of a newer version, or its slug is no batch name.
    """
    with _opened(path) as file:
        stored = file.metadata.metadata or {}
    try:
        metadata = {key: stored[key.encode()].decode() for key in _KEYS if key.encode() in stored}
    except UnicodeDecodeError as exc:
        raise ManifestError(path, f"is damaged ({exc})", FETCH) from exc
    if any(key not in metadata for key in _KEYS):
        raise ManifestError(path, "is a Parquet file, but no batch manifest", FETCH)
    if metadata["schema_version"] != SCHEMA_VERSION:
        what = f"has schema version {metadata['schema_version']}, this program reads {SCHEMA_VERSION}"
        raise ManifestError(path, what, "Use the version of CakeLens that wrote it, or a newer one.")
    # Files are placed by it: `../v5.0` would leave the folder.
    if not SLUG.fullmatch(metadata["slug"]):
        what = f"calls its batch {metadata['slug']!r}, which is no batch name"
        raise ManifestError(path, what, "It was altered, or not made by CakeLens. " + FETCH)
    return metadata


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield plain rows, a group of them in memory."""
    with _opened(path) as file:
        try:
            for group in file.iter_batches(batch_size=ROWS_PER_GROUP):
                yield from group.to_pylist()
        except _BROKEN as exc:
            raise ManifestError(path, f"is damaged ({_first_line(exc)})", FETCH) from exc


def _opened(path: Path) -> Any:
    try:
        return parquet.ParquetFile(path)
    except FileNotFoundError as exc:
        raise ManifestError(path, "no such manifest", "Check the path, or export the batch first.") from exc
    except _BROKEN as exc:
        raise ManifestError(path, f"is no Parquet file ({_first_line(exc)})", FETCH) from exc


def _groups(rows: Iterable[ManifestRow]) -> Iterator[list[dict[str, Any]]]:
    iterator = iter(rows)
    while group := [row.to_dict() for row in islice(iterator, ROWS_PER_GROUP)]:
        yield group


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
