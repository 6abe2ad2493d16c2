"""Exporting a batch: the settled videos of this moment, frozen and written as a manifest.

Everything happens in one transaction over one snapshot of the database: the rows stream by once, into the
manifest beside, the items and the counts; the files are put into the storage, and the commit makes the batch
exist. An export that dies on the way leaves no row, and running it again finishes it (docs/adr/0006).
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from cakelens.labels import Label
from labeling import storage
from labeling.models import Video
from training.batches import clips_csv, leaks, selection, sidecars, slugs
from training.batches.counts import Count
from training.batches.filters import BatchFilters
from training.batches.manifest import ManifestRow, write_manifest
from training.batches.presence import Presence
from training.batches.tally import Tally
from training.models import BatchItem, BatchState, TrainingBatch

MAJOR_VERSION = 5
PROBLEMS_SHOWN = 3


class ExportError(Exception):
    """No batch was exported; the message says why and what to do."""


class ExportHindered(ExportError):
    """The storage or the database refuses for now: the same export may succeed later."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for: a name (empty: the next free version), filters, and by whom."""

    slug: str = ""
    filters: BatchFilters = BatchFilters()  # noqa: RUF009  # frozen
    created_by: Any = None


def never_stopped() -> None:
    """Go on: nobody can stop what nobody can name."""


def export_batch(
    slug: str = "",
    *,
    filters: BatchFilters | None = None,
    created_by: Any = None,
    check: Callable[[], None] = never_stopped,
) -> TrainingBatch:
    """Export every settled video that `filters` let in as batch `slug`, or as the next free version.

    `check` is called wherever the export can still be given up: what it raises leaves nothing behind.

    Raises:
        ExportError: There is nothing to export, the slug is taken or malformed, a file is missing, the
            videos would leak, or an earlier batch holds exactly this already. Nothing was written.
        ExportHindered: The storage or the database refuses for now. No batch was written.
    """
    with _told_in_words(), _folder() as folder, transaction.atomic():
        _one_at_a_time()
        _check_slug(slug)
        order = Order(slug or next_slug(), filters or BatchFilters(), created_by)
        return _freeze(order, Path(folder), check)


@contextmanager
def _told_in_words() -> Iterator[None]:
    """Raise what the storage and the database refuse as an `ExportError`."""
    try:
        with storage.as_a_disk():
            yield
    except OSError as exc:
        raise ExportHindered(_refusal("The batch cannot be written", exc)) from exc
    except (OperationalError, InterfaceError) as exc:
        # It is away, full, locked by somebody who writes for long, or had to break off one of two at once.
        raise ExportHindered(_refusal("The database refuses", exc)) from exc
    except DatabaseError as exc:
        raise ExportError(_refusal("The database cannot take the batch", exc)) from exc


def _refusal(what: str, error: Exception) -> str:
    """Say it with the first line of the error: PostgreSQL adds others on where it was."""
    why = str(error).partition("\n")[0].rstrip(". ") or type(error).__name__
    return f"{what}: {why}. Nothing was exported."


def _folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(dir=storage.temporary_folder())


def _check_slug(slug: str) -> None:
    if slug and (problem := slugs.problem(slug)):
        raise ExportError(problem)
    if slug and TrainingBatch.objects.filter(slug=slug).exists():
        raise ExportError(
            f"There is a batch {slug} already; batches never change. The next free name is {next_slug()}."
        )


def next_slug() -> str:
    """Return the next free version: v5.0, v5.1, …"""
    taken = set(
        TrainingBatch.objects.filter(slug__startswith=f"v{MAJOR_VERSION}.").values_list("slug", flat=True)
    )
    minor = 0
    while f"v{MAJOR_VERSION}.{minor}" in taken:
        minor += 1
    return f"v{MAJOR_VERSION}.{minor}"


def _one_at_a_time() -> None:
    """Wait for other exports, then let every query see the same moment. SQLite's transactions always do.

    Two at once of the same settlements would write the same files, and the one that is refused could be
    the last to write them. The lock comes before the first query: the snapshot holds what was waited for.
    """
    if connection.vendor == "postgresql":
        table = connection.ops.quote_name(TrainingBatch._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")


def _freeze(order: Order, folder: Path, check: Callable[[], None]) -> TrainingBatch:
    """Write the batch's files in `folder`, then its row and the storage."""
    tally, presence = Tally(), Presence()
    batch = TrainingBatch.objects.create(
        slug=order.slug,
        created_by=order.created_by,
        filters=order.filters.to_json(),
        frozen_at=timezone.now(),
    )
    rows = presence.checked(_frozen(batch, selection.exportable(order.filters), check))
    batch.digest = write_manifest(
        clips_csv.written(tally.counted(rows), folder / sidecars.CLIPS),
        folder / sidecars.MANIFEST,
        slug=batch.slug,
        filters=batch.filters,
        created_at=batch.frozen_at.isoformat(),
    )
    batch.label_counts = tally.labels
    _refuse(batch, order, tally, presence)
    check()
    _mark_exported(batch, tally, folder)
    return batch


def _frozen(
    batch: TrainingBatch, videos: Iterable[Video], check: Callable[[], None]
) -> Iterator[ManifestRow]:
    """Yield the rows; insert their items as they pass, so that memory stays flat."""
    items: list[BatchItem] = []
    for video in videos:
        row = _row(video)
        items.append(BatchItem(batch=batch, settlement=video.settlement, split=row.split))
        if len(items) == selection.CHUNK:
            check()
            BatchItem.objects.bulk_create(items)
            items.clear()
        yield row
    BatchItem.objects.bulk_create(items)


def _row(video: Video) -> ManifestRow:
    try:
        return selection.manifest_row(video)
    except (ValueError, TypeError) as exc:
        raise ExportError(
            f"Video {video.key} cannot stand in a manifest: {exc}. Collect it again, or take it out: "
            f"manage.py withdraw {video.key}"
        ) from exc


def _refuse(batch: TrainingBatch, order: Order, tally: Tally, presence: Presence) -> None:
    """Refuse what must not become a batch; the transaction takes back what was inserted."""
    if not tally.splits:
        raise ExportError(_nothing(order.filters))
    if presence.problems:
        raise ExportError(_missing(presence.problems))
    wanted = order.filters.labels or (Label.AI_GEN,)
    if lacking := [label for label in wanted if not Count.of_series(batch, label).total]:
        raise ExportError(
            f"No video to export is {' or '.join(lacking)}: a model cannot learn what it never sees. "
            f"Label some first{_or_leave_out(order.filters)}."
        )
    if leak := next(leaks.known(batch), None):
        raise ExportError(f"{leak} Nothing was exported. {leak.remedy}")
    twin = TrainingBatch.objects.exported().filter(digest=batch.digest).first()
    if twin:
        raise ExportError(
            f"Batch {twin.slug} holds exactly this already. Label more videos, then export again."
        )


def _or_leave_out(filters: BatchFilters) -> str:
    if filters.labels:
        return ", or leave the label out"
    return ", or leave a filter out" if filters.to_json() else ""


def _nothing(filters: BatchFilters) -> str:
    if filters.to_json():
        return "No settled video passes these filters, so there is nothing to export. Leave one out."
    return "No video is settled yet, so there is nothing to export. Label some at /label/ first."


def _missing(problems: list[str]) -> str:
    more = len(problems) - PROBLEMS_SHOWN
    shown = "; ".join(problems[:PROBLEMS_SHOWN]) + (f"; and {more:,} more" if more > 0 else "")
    return f"{shown}. Put back what is missing, or take the videos out: manage.py withdraw VIDEO…"


def _mark_exported(batch: TrainingBatch, tally: Tally, folder: Path) -> None:
    batch.num_train, batch.num_validation = tally.splits["train"], tally.splits["validation"]
    batch.num_test = tally.splits["test"]
    batch.left_out = selection.left_out(batch.num_videos)
    batch.confounds, batch.facts = tally.confounds.aucs(), tally.facts()
    batch.exported_at = timezone.now()
    batch.manifest_name = sidecars.store(batch, folder)
    batch.state = BatchState.EXPORTED
    batch.save()


def counts_json(batch: TrainingBatch) -> str:
    """Return a batch as `export_batch --json` prints it."""
    return json.dumps(
        {
            "slug": batch.slug,
            "digest": batch.digest,
            "manifest": batch.manifest_name,
            "train": batch.num_train,
            "validation": batch.num_validation,
            "test": batch.num_test,
            "labels": batch.label_counts,
        }
    )
