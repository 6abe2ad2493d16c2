"""Proof that no batch leaked by what was known at its export, and what was learned since.

The proof reads the manifest, which never changes: no group and no file stands on both sides of its split.
That covers verified neighbours: whoever verifies two joins their groups in the same transaction, so at the
export they had one group, or nobody knew. What joined groups since is an advisory, not a leak.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import F, QuerySet

from labeling import storage
from labeling.collecting import neighbours
from labeling.collecting.fingerprints import Sighting
from labeling.models import Split, Video
from training.batches import leaks, verifying
from training.batches.manifest import ManifestError, read_manifest
from training.batches.rows import ManifestRow
from training.batches.sidecars import missing_manifest, no_answer, restore_manifest
from training.models import BatchItem, TrainingBatch


class Outcome(StrEnum):
    PROVEN = "proven"
    NOT_PROVEN = "not proven"
    LEAKS = "leaks"


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of looking at one batch.

    `leaks`: footage on both sides. `doubts`: why nothing can be said, though no leak was seen. `advisories`:
    what was learned since the export.
    """

    slug: str
    leaks: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    advisories: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        if self.leaks:
            return Outcome.LEAKS
        return Outcome.NOT_PROVEN if self.doubts else Outcome.PROVEN

    def to_dict(self) -> dict[str, object]:
        return {
            "batch": self.slug,
            "outcome": self.outcome,
            "leaks": [*self.leaks],
            "doubts": [*self.doubts],
            "advisories": [*self.advisories],
        }


def prove(batch: TrainingBatch, *, looks_again: bool = False) -> Proof:
    """Look at one batch; with `looks_again` the pictures of its videos are compared anew."""
    rows, doubts = _read(batch)
    found = tuple(on_both_sides(rows))
    advisories = [] if found else [str(leak) for leak in leaks.known(batch)]
    if looks_again:
        advisories += _neighbours(batch)
    return Proof(batch.slug, found, doubts, (*advisories, *_withdrawn(batch)))


def _read(batch: TrainingBatch) -> tuple[tuple[ManifestRow, ...], tuple[str, ...]]:
    """Return the rows that were exported, and why they prove nothing where they do not."""
    try:
        manifest = read_manifest(storage.local_copy(batch.manifest_name, anew=True))
    except FileNotFoundError:
        return (), (missing_manifest(batch),)
    except storage.BucketError as exc:
        return (), (no_answer(exc),)
    except ManifestError as exc:
        return (), (verifying.damaged(batch, exc),)
    except OSError as exc:
        return (), (str(exc),)
    if manifest.digest != batch.digest:
        what = f"Its manifest is that of {manifest.digest[:12]}…, not of this batch."
        return (), (f"{what} {restore_manifest(batch)}",)
    return manifest.rows, tuple(_contradictions(batch, manifest.rows))


def on_both_sides(rows: tuple[ManifestRow, ...]) -> Iterator[str]:
    """Yield each group and each file that a manifest has on more than one side."""
    groups: dict[str, ManifestRow] = {}
    files: dict[str, ManifestRow] = {}
    for row in rows:
        first = groups.setdefault(row.group, row)
        if first.split != row.split:
            yield f"Group {row.group}: {_where(first)}, {_where(row)}."
        for variant in row.variants:
            first = files.setdefault(variant.sha256, row)
            if first.split != row.split:
                yield f"File {variant.sha256[:12]}…: {_where(first)}, {_where(row)}."


def _where(row: ManifestRow) -> str:
    return f"{row.video} in {row.split}"


def _contradictions(batch: TrainingBatch, rows: tuple[ManifestRow, ...]) -> Iterator[str]:
    """Yield what the rows of the database say otherwise than the manifest, or than the video now."""
    items = batch.items.values_list("settlement__video__key", "split")
    exported = {row.video: row.split for row in rows}
    if exported != dict(items):
        yield "The manifest and the batch's rows do not name the same videos and splits."
    moved = batch.items.exclude(split=F("settlement__video__split"))
    for key, split in moved.values_list("settlement__video__key", "split"):
        yield f"{key} was exported in {split} and is elsewhere now: a split must never change."


def learned_since(batch: TrainingBatch) -> QuerySet[BatchItem]:
    """Return the videos of a batch of which was learned since that the other side has their footage."""
    quarantined = Video.objects.exclude(quarantine="")
    items: QuerySet[BatchItem] = batch.items.filter(settlement__video__in=quarantined)
    return items.select_related("settlement__video__post")


def _withdrawn(batch: TrainingBatch) -> Iterator[str]:
    number = batch.items.filter(settlement__video__is_withdrawn=True).count()
    if number:
        was, them = ("was", "it") if number == 1 else ("were", "them")
        yield f"{number:,} of its videos {was} withdrawn since; fetching and training skip {them}."


def _neighbours(batch: TrainingBatch) -> Iterator[str]:
    """Compare the videos outside train with all known ones, frame by frame."""
    sides = dict(batch.items.values_list("settlement__video", "split"))
    held_out = batch.items.exclude(split=Split.TRAIN).values("settlement__video")
    videos = Video.objects.filter(pk__in=held_out, fingerprint__isnull=False)
    for video in videos.iterator():
        sighting = Sighting.from_bytes(bytes(video.fingerprint or b""))
        for other in neighbours.twins(video, sighting):
            if sides.get(other, video.split) != video.split:
                yield f"{video.key} in {video.split} looks like video {other} in {sides[other]}."
