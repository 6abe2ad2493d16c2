"""Taking videos back: a post that was deleted, a request. Past manifests keep their bytes.

The list is append-only. Future batches leave its videos out; fetching and training read it and skip them.
Purging removes files and the author's words too; what people judged stays, and so does the fingerprint, by
which a copy that comes back is recognised. The names of the files are kept until those are deleted.
"""

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from labeling import locks, storage
from labeling.collecting import removing
from labeling.collecting.errors import NotAPostLink
from labeling.collecting.links import canonical_post_id
from labeling.models import DoomedFile, Evidence, Post, Slot, SlotState, VariantState, Video
from labeling.queue import CLOSED
from training.models import BatchItem, TrainingBatch, Withdrawal

PURGED = "purged"
LIST_NAME = "batches/withdrawn.json"
"""The list in the storage, for machines that reach the bucket and not the database."""


class NoSuchVideo(Exception):
    """Nothing was withdrawn; the message says which name leads nowhere."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What came of withdrawing one video."""

    video: Video
    is_news: bool
    num_files: int
    batches: tuple[str, ...]
    """The batches that hold it, and keep their bytes."""

    @property
    def files_in_words(self) -> str:
        return "1 file" if self.num_files == 1 else f"{self.num_files} files"


def find(names: Iterable[str]) -> list[Video]:
    """Return the videos meant by keys, ids, or links of posts (all their videos), each once.

    Raises:
        NoSuchVideo: A name means none.
    """
    found: dict[int, Video] = {}
    for name in names:
        videos = list(Video.objects.filter(_meant(name)).select_related("post").order_by("index"))
        if not videos:
            raise NoSuchVideo(
                f"{name!r} is no video. Give its key (such as 1234567890/0), its number, or its post's link."
            )
        found |= {video.pk: video for video in videos}
    return list(found.values())


def _meant(name: str) -> Q:
    meant = Q(key=name) | Q(post__x_id=name)
    with suppress(NotAPostLink):
        meant |= Q(post__x_id=canonical_post_id(name))
    return meant | Q(pk=int(name)) if name.isdecimal() and len(name) < 15 else meant


def withdraw(videos: Sequence[Video], *, reason: str, by: Any = None, purge: bool = False) -> list[Withdrawn]:
    """Withdraw each video in a transaction of its own; one that is withdrawn already is only purged.

    With `purge`, what an earlier purge left undeleted is deleted, too.

    Raises:
        OSError: The storage refused. What was withdrawn until then is on the list; files that could not be
            deleted are, by the next purge or the hourly sweep.
    """
    withdrawn = [_withdraw(video, reason=reason, by=by, purge=purge) for video in videos]
    if purge:
        removing.remove()
    return withdrawn


@transaction.atomic
def _withdraw(video: Video, *, reason: str, by: Any, purge: bool) -> Withdrawn:
    _lock_list()
    # All of the post's: who withdraws another of them at once must not think that this one stays.
    locks.lock_all(Video.objects.filter(post=video.post_id))
    earlier = Withdrawal.objects.filter(video=video)
    is_news = not earlier.exists()
    if is_news or (purge and not earlier.filter(is_purged=True).exists()):
        Withdrawal.objects.create(video=video, reason=reason, withdrawn_by=by, is_purged=purge)
    Video.objects.filter(pk=video.pk).update(is_withdrawn=True)
    waiting = Slot.objects.filter(video=video, state__in=[SlotState.FREE, SlotState.KEPT], is_gold=False)
    waiting.update(**CLOSED)
    names = _purge(video) if purge else []
    _publish_list()
    return Withdrawn(video, is_news, len(names), _batches_with(video))


def _lock_list() -> None:
    """Let nobody else withdraw until the transaction ends; SQLite has one writer anyway.

    Two who wrote the list at once would lose what the other one had put on it.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {Withdrawal._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")


def _publish_list() -> None:
    """Write the list into the storage anew.

    Before the commit: after a crash, `kill -9` too, it may name more than was withdrawn, never less.
    """
    content = json.dumps({"videos": withdrawn_keys()}, indent=1) + "\n"
    with NamedTemporaryFile("w", dir=storage.temporary_folder(), suffix=".json") as file:
        file.write(content)
        file.flush()
        storage.store_as(Path(file.name), LIST_NAME)


def _batches_with(video: Video) -> tuple[str, ...]:
    items = BatchItem.objects.filter(settlement__video=video, batch__in=TrainingBatch.objects.exported())
    return tuple(items.order_by("batch_id").values_list("batch__slug", flat=True).distinct())


def _purge(video: Video) -> list[str]:
    """Forget the files and the words of a video; return the files that go, once this is committed."""
    posters = Video.objects.filter(pk=video.pk).values_list("poster_name", flat=True)
    names = {*video.variants.values_list("name", flat=True), *posters} - {""}
    video.variants.update(
        state=VariantState.FAILED, failure_kind=PURGED, failure_message="Withdrawn and removed.", name=""
    )
    Video.objects.filter(pk=video.pk).update(poster_name="", poster_url="")
    Evidence.objects.filter(annotation__video=video).exclude(quote="").update(quote="")
    if not Video.objects.filter(post=video.post_id, is_withdrawn=False).exists():
        Post.objects.filter(pk=video.post_id).update(text="", raw=None, metadata={}, brought={})
    removing.doom(video, names)
    # With those that a purge which was killed could not delete any more.
    doomed = DoomedFile.objects.filter(video=video).order_by("name").values_list("name", flat=True)
    return [name for name in doomed if not removing.is_used(name)]


def withdrawn_keys(batch: TrainingBatch | None = None) -> list[str]:
    """Return the keys on the list, sorted: all of them, or those that `batch` holds."""
    videos = Video.objects.filter(is_withdrawn=True)
    if batch:
        items = BatchItem.objects.filter(batch=batch, settlement__video__is_withdrawn=True)
        videos = videos.filter(pk__in=items.values("settlement__video"))
    return sorted(videos.values_list("key", flat=True))
