"""Exporting a batch: the settled videos of this moment, frozen and written as a manifest.

Everything happens in one transaction over one snapshot of the database: the manifest is written beside,
the items are inserted, the file is put into the storage, and the commit makes the batch exist. An export
that dies on the way leaves no row, and running it again finishes it (docs/adr/0006).
"""

import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Prefetch, QuerySet
from django.db.models.functions import Collate
from django.utils import timezone

from cakelens.labels import V5_LABELS
from labeling import storage
from labeling.models import Annotation, Settlement, Variant, Video
from training.manifest import ManifestRow, VariantRow, canonical_digest, write_manifest
from training.models import BatchItem, BatchState, TrainingBatch

CHUNK = 1000
MAJOR_VERSION = 5
SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


class ExportError(Exception):
    """No batch was exported; the message says why and what to do."""


@dataclass(slots=True)
class Tally:
    """What is counted while the rows stream by."""

    splits: Counter[str] = field(default_factory=Counter)
    labels: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def add(self, row: ManifestRow) -> None:
        self.splits[row.split] += 1
        for label in V5_LABELS:
            value = row.labels[label]
            counts = self.labels.setdefault(label, {}).setdefault(row.split, [0, 0, 0])
            counts[2 if value is None else 1 - int(value)] += 1


def export_batch(slug: str = "", *, created_by: Any = None) -> TrainingBatch:
    """Export every settled video as batch `slug`, or as the next free version.

    Raises:
        ExportError: Nothing is settled, the slug is taken or malformed, or an earlier batch holds
            exactly this already. Nothing was written.
    """
    _check_slug(slug)
    with tempfile.TemporaryDirectory(dir=storage.temporary_folder()) as folder, transaction.atomic():
        _one_snapshot()
        return _freeze(slug or next_slug(), Path(folder), created_by)


def _check_slug(slug: str) -> None:
    if slug and not SLUG.fullmatch(slug):
        raise ExportError(f"{slug!r} is no batch name. Use letters, digits, '.', '-' and '_', such as v5.1.")
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


def _one_snapshot() -> None:
    """Let every query of this transaction see the same moment. SQLite's transactions always do."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _freeze(slug: str, folder: Path, created_by: Any) -> TrainingBatch:
    tally, path = Tally(), folder / "manifest.parquet"
    frozen_at = timezone.now()
    batch = TrainingBatch.objects.create(slug=slug, created_by=created_by, frozen_at=frozen_at)
    digest = canonical_digest(_counted(batch, tally))
    if not tally.splits:
        raise ExportError(
            "No video is settled yet, so there is nothing to export. Label some at /label/ first."
        )
    _refuse_twin(digest)
    rows = (manifest_row(video) for video in exportable())
    write_manifest(rows, path, slug=slug, digest=digest, filters={}, created_at=frozen_at.isoformat())
    name = f"batches/{digest}.parquet"
    storage.store_as(path, name)
    _mark_exported(batch, tally, digest, name)
    return batch


def _counted(batch: TrainingBatch, tally: Tally) -> Iterator[ManifestRow]:
    """Yield the rows; insert their items and count them as they pass, so that memory stays flat."""
    items: list[BatchItem] = []
    for video in exportable():
        row = manifest_row(video)
        tally.add(row)
        items.append(BatchItem(batch=batch, settlement=video.settlement, split=row.split))
        if len(items) == CHUNK:
            BatchItem.objects.bulk_create(items)
            items.clear()
        yield row
    BatchItem.objects.bulk_create(items)


def _refuse_twin(digest: str) -> None:
    twin = TrainingBatch.objects.exported().filter(digest=digest).first()
    if twin:
        raise ExportError(
            f"Batch {twin.slug} holds exactly this already. Label more videos, then export again."
        )


def _mark_exported(batch: TrainingBatch, tally: Tally, digest: str, name: str) -> None:
    batch.state = BatchState.EXPORTED
    batch.digest, batch.manifest_name = digest, name
    batch.num_train, batch.num_validation = tally.splits["train"], tally.splits["validation"]
    batch.num_test = tally.splits["test"]
    batch.label_counts, batch.left_out = tally.labels, left_out()
    batch.exported_at = timezone.now()
    batch.save(
        update_fields=[
            "state",
            "digest",
            "manifest_name",
            "num_train",
            "num_validation",
            "num_test",
            "label_counts",
            "left_out",
            "exported_at",
        ]
    )


def left_out() -> dict[str, int]:
    """Count the videos that no batch takes now, by reason."""
    videos = Video.objects
    counts = {
        "not settled": videos.ready().unsettled().filter(is_withdrawn=False).count(),
        "not stored": videos.filter(ready_at=None).count(),
        "quarantined": videos.exclude(quarantine="").count(),
        "withdrawn": videos.filter(is_withdrawn=True).count(),
    }
    return {reason: number for reason, number in counts.items() if number}


def exportable() -> Iterator[Video]:
    """Stream the videos of a batch in the order of their keys, with all that their rows need."""
    answers = Annotation.objects.only("id").prefetch_related("evidence")
    videos: QuerySet[Video] = (
        Video.objects.exportable()
        .select_related("post", "group", "settlement")
        .prefetch_related(
            Prefetch(
                "variants", queryset=Variant.objects.stored().order_by("sha256"), to_attr="stored_variants"
            ),
            Prefetch("settlement__annotations", queryset=answers),
        )
    )
    # Byte order, whatever the database's locale: the digest must not depend on it.
    key = Collate("key", "C") if connection.vendor == "postgresql" else F("key")
    return videos.order_by(key).iterator(chunk_size=CHUNK)


def manifest_row(video: Video) -> ManifestRow:
    """Return what a manifest says of one video."""
    post, settlement = video.post, video.settlement
    assert settlement is not None  # exportable() gives settled, ready videos only
    assert video.group is not None
    assert video.split is not None
    return ManifestRow(
        video=video.key,
        post=post.x_id,
        split=video.split,
        group=video.group.key,
        author=post.author_handle or None,
        author_id=post.author_id or None,
        posted_at=post.posted_at.isoformat() if post.posted_at else None,
        method=settlement.method,
        evidence=_evidence_kinds(settlement),
        labels=settlement.labels(),
        kind=video.kind,
        variants=_variant_rows(video),
    )


def _evidence_kinds(settlement: Settlement) -> tuple[str, ...]:
    kinds = {item.kind for answer in settlement.annotations.all() for item in answer.evidence.all()}
    return tuple(sorted(kinds))


def _variant_rows(video: Any) -> tuple[VariantRow, ...]:
    """Return the stored files, one row for each content: X serves the same bytes under several URLs."""
    rows = {
        variant.sha256: VariantRow(
            sha256=variant.sha256,
            name=variant.name,
            num_bytes=variant.num_bytes,
            width=variant.width,
            height=variant.height,
            fps=variant.fps,
            codec=variant.codec,
            bit_rate_bps=variant.bit_rate_bps,
            num_frames=variant.num_frames,
            duration_seconds=variant.duration_seconds,
        )
        for variant in video.stored_variants
    }
    return tuple(rows[sha256] for sha256 in sorted(rows))


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
