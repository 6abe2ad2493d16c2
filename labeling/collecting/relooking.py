"""Fingerprinting videos that were stored before there were fingerprints such as those of today."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from labeling import storage
from labeling.collecting import duplicates, neighbours
from labeling.collecting.errors import NotAVideo
from labeling.collecting.fingerprints import look_at
from labeling.collecting.probe import grey_frames
from labeling.models import Variant, Video

THREADS = 2
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Looked:
    """One video: the group it is in now, whether that is another one; or why it could not be looked at."""

    key: str
    group: str = ""
    is_moved: bool = False
    error: str = ""

    def to_dict(self) -> dict[str, str | bool]:
        return {"key": self.key, "group": self.group, "is_moved": self.is_moved, "error": self.error}


def to_look_at() -> QuerySet[Video]:
    """Videos to look at, of which a file is left."""
    files = Variant.objects.stored().exclude(name="").filter(video=OuterRef("pk"))
    return neighbours.unseen().filter(Exists(files)).order_by("pk")


def look_again(videos: QuerySet[Video], stopping: Event) -> Iterator[Looked]:
    """Look at each of `videos` until told to stop. What is done is in the rows: a next call goes on there."""
    keys = list(videos.values_list("pk", flat=True))
    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, len(keys), AT_ONCE):
            if stopping.is_set():
                return
            yield from pool.map(_look_at_one, keys[start : start + AT_ONCE])


def _look_at_one(pk: int) -> Looked:
    try:
        return _look(Video.objects.defer("fingerprint").get(pk=pk))
    finally:
        connection.close()


def _look(video: Video) -> Looked:
    variant = video.best_variant()
    assert variant is not None  # that is how it was chosen
    try:
        with storage.borrowed(variant.name) as path:
            sighting = look_at(grey_frames(path))
    except (OSError, NotAVideo) as exc:
        return Looked(video.key, error=f"{variant.name} cannot be read: {exc}")
    before = video.group_id
    group = duplicates.assign_group(video, sighting)
    return Looked(video.key, group.key, is_moved=group.pk != before)
