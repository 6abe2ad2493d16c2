"""Which videos a batch takes now, and what its manifest says of each."""

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import F, Prefetch, QuerySet
from django.db.models.functions import Collate

from labeling.models import Annotation, Settlement, Variant, Video
from training.batches.filters import BatchFilters
from training.batches.rows import ManifestRow, VariantRow

CHUNK = 1000


def exportable(filters: BatchFilters) -> Iterator[Video]:
    """Stream the videos of a batch in the order of their keys, with all that their rows need."""
    answers = Annotation.objects.only("id").prefetch_related("evidence")
    stored = Variant.objects.stored().defer("url", "failure_message").order_by("sha256")
    videos: QuerySet[Video] = (
        filters.apply(Video.objects.exportable())
        .select_related("post", "group", "settlement")
        .defer("fingerprint", "poster_url", "post__raw", "post__text", "post__metadata", "post__brought")
        .prefetch_related(
            Prefetch("variants", queryset=stored, to_attr="stored_variants"),
            Prefetch("settlement__annotations", queryset=answers),
        )
    )
    # Byte order, whatever the database's locale: the digest must not depend on it.
    key = Collate("key", "C") if connection.vendor == "postgresql" else F("key")
    return videos.order_by(key).iterator(chunk_size=CHUNK)


def left_out(num_exported: int) -> dict[str, int]:
    """Count the videos that no batch takes now, and those its filters kept out: each once, by its reason."""
    videos = Video.objects
    kept = videos.filter(is_withdrawn=False)
    sound = kept.filter(quarantine="")
    counts = {
        "not settled": sound.ready().unsettled().count(),
        "not stored": sound.filter(ready_at=None).count(),
        "quarantined": kept.exclude(quarantine="").count(),
        "withdrawn": videos.filter(is_withdrawn=True).count(),
        "filtered out": videos.exportable().count() - num_exported,
    }
    return {reason: number for reason, number in counts.items() if number}


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
