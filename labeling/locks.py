"""Locks on videos until the transaction ends: nobody else settles or reopens them, or opens slots for them.

The order is: one's own held slot, then videos by number, then other slots. Where all keep to it, nobody waits
for somebody who waits for them.
"""

from typing import TYPE_CHECKING

from labeling.models import Video

if TYPE_CHECKING:
    from django.db.models import QuerySet


def lock(video: Video) -> None:
    Video.objects.select_for_update().only("pk").get(pk=video.pk)


def lock_all(videos: "QuerySet[Video]") -> None:
    list(videos.select_for_update(of=("self",)).order_by("pk").values("pk"))


def is_wanted(video: Video) -> bool:
    """Lock `video`, and tell whether answers are still wanted of it: not decided, not withdrawn."""
    now = Video.objects.select_for_update().only("settlement", "is_withdrawn").get(pk=video.pk)
    return now.settlement_id is None and not now.is_withdrawn
