"""From a file to a video ready to label: stored, probed, with a poster, a group, a split and a slot."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from labeling import queue, storage
from labeling.collecting import brought, duplicates, removing, splits, withdrawn
from labeling.collecting.facts import ClipFacts as ClipFacts  # what callers of `import_file` make
from labeling.collecting.facts import fit
from labeling.collecting.fingerprints import Sighting, look_at
from labeling.collecting.probe import Probe, grey_frames, make_poster, probe
from labeling.models import AddedHow, Post, PostSource, Variant, VariantState, Video

SUFFIXES = {"mov,mp4,m4a,3gp,3g2,mj2": ".mp4", "matroska,webm": ".webm"}
"""FFmpeg's families of containers, by the name that browsers know them under."""


@dataclass(frozen=True, slots=True)
class _File:
    """A verified file that is in the storage, not yet in any row."""

    stored: storage.Stored
    probe: Probe
    poster_name: str
    sighting: Sighting | None

    @property
    def names(self) -> tuple[str, str]:
        return self.stored.name, self.poster_name


def _take_in(path: Path, sha256: str = "", *, is_seen: bool = False) -> _File:
    """Verify a file and store it with its poster; one whose hash is known is moved, not copied.

    It is fingerprinted unless its video `is_seen`: one encoding of a footage looks like the others.

    Raises:
        NotAVideo: The file does not decode. Nothing was stored.
    """
    found = probe(path)
    poster = make_poster(path)
    sighting = None if is_seen else look_at(grey_frames(path))
    suffix = SUFFIXES[found.container]
    return _File(
        stored=storage.move_in(path, suffix, sha256=sha256) if sha256 else storage.store_file(path, suffix),
        probe=found,
        poster_name=storage.store_bytes(poster, ".jpg", folder="posters").name,
        sighting=sighting,
    )


def store_variant_file(variant: Variant, path: Path, *, sha256: str = "") -> Variant:
    """Verify the file at `path`, store it as `variant`'s, and make its video ready to label.

    With its `sha256` the file is taken, durable as it is; without, copied. A variant that is stored
    already stays as it is.

    Raises:
        NotAVideo: The file does not decode. Nothing was stored.
        Withdrawn: The video was taken back, before or meanwhile. Nothing of the file is left.
    """
    video = variant.video
    withdrawn.refuse(video)
    file = _take_in(path, sha256, is_seen=video.fingerprint is not None)
    with transaction.atomic():
        is_kept = withdrawn.is_in(video)
        if is_kept:
            removing.check_there(file.names)
            _mark_stored(variant, file)
            make_ready(video, file.sighting)
        else:
            removing.doom(video, file.names)
    if not is_kept:
        raise withdrawn.withdrawn(video)
    variant.refresh_from_db()
    return variant


def _mark_stored(variant: Variant, file: _File) -> None:
    found = file.probe
    Variant.objects.unstored().filter(pk=variant.pk).update(
        state=VariantState.STORED,
        failure_kind="",
        failure_message="",
        sha256=file.stored.sha256,
        name=file.stored.name,
        num_bytes=file.stored.num_bytes,
        width=found.width,
        height=found.height,
        fps=found.fps,
        codec=found.codec,
        bit_rate_bps=found.bit_rate_bps,
        num_frames=found.num_frames,
        duration_seconds=found.duration_seconds,
        stored_at=Now(),
    )
    video = Video.objects.filter(pk=variant.video_id)
    video.filter(duration_seconds=None).update(duration_seconds=found.duration_seconds)
    video.filter(poster_name="").update(poster_name=file.poster_name)


def make_ready(video: Video, sighting: Sighting | None = None, *, own_split: str = "") -> None:
    """Give a video with a stored variant its group and split, and open its place in the queue."""
    duplicates.assign_group(video, sighting, own_split=own_split)
    if video.mark_ready():
        priority = queue.random_priority(video)
        Video.objects.filter(pk=video.pk).update(priority=priority)
        video.refresh_from_db()
        queue.open_slot(video)
        brought.settle(video)


@dataclass(frozen=True, slots=True)
class Imported:
    video: Video
    is_new: bool


def import_file(path: Path, facts: ClipFacts, *, added_by: Any = None) -> Imported:
    """Make a video of a file that never was on X. The same bytes twice are one video.

    Raises:
        NotAVideo: The file does not decode. Nothing was written.
        BadFacts: They cannot be kept. Nothing was written.
        Withdrawn: A video of the same bytes was taken back, before or meanwhile. Nothing of the file is left.
    """
    fit(facts)
    with path.open("rb") as content:
        _refuse_bytes(path, withdrawn.of_bytes([storage.hash_file(content)]))
    file = _take_in(path)
    with transaction.atomic():
        splits.ledger()
        taken_back = withdrawn.of_bytes([file.stored.sha256])
        if taken_back:
            removing.doom(taken_back, file.names)
        else:
            removing.check_there(file.names)
            imported = _import(file, path.name, facts, added_by)
    _refuse_bytes(path, taken_back)
    return imported


def _refuse_bytes(path: Path, taken_back: Video | None) -> None:
    if taken_back:
        raise withdrawn.withdrawn(taken_back, name=path.name)


def _import(file: _File, name: str, facts: ClipFacts, added_by: Any) -> Imported:
    post, is_new = Post.objects.get_or_create(
        x_id=f"import:{file.stored.sha256}",
        defaults={
            "source": PostSource.IMPORT,
            "author_handle": facts.author_handle,
            "text": facts.text,
            "posted_at": facts.posted_at,
            "metadata": facts.metadata | {"file": name},
            "added_by": added_by,
            "added_how": AddedHow.COMMAND,
            "collected_at": timezone.now(),
        },
    )
    if is_new:
        video = Video.objects.create(post=post, key=f"{post.x_id}/0")
        _mark_stored(Variant.objects.create(video=video, url=f"file:{name}"), file)
        make_ready(video, file.sighting, own_split=facts.split)
    return Imported(post.videos.get(), is_new)
