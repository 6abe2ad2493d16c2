"""Videos of one footage, answered at once: each gets an answer of its own, which names the first."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from labeling.locks import lock_all
from labeling.models import Annotation, Outcome, Slot, Video
from labeling.picking import lease

MOST = 200
"""One press answers so many videos at once; the rest of a larger footage comes up by itself."""


def slots(user: Any, video: Video) -> "QuerySet[Slot]":
    """Return the slots of other videos of this footage that `user` may answer along with `video`."""
    twins = Video.objects.filter(group=video.group_id, group__isnull=False).exclude(pk=video.pk)
    found: QuerySet[Slot] = (
        _open(user).open_to(user).filter(video__in=list(twins.values_list("pk", flat=True)))
    )
    return found


def _open(user: Any) -> Any:
    return Slot.objects.free() | Slot.objects.held_by(user).filter(is_gold=False)


def number(user: Any, video: Video) -> int:
    """Count the videos that an answer to `video` could stand for besides it."""
    return slots(user, video).values("video").distinct().count()


def lock(video: Video) -> None:
    """Lock a whole footage before the first of its slots: whoever decides one of its videos meanwhile has the
    video first and its slots then, and two who answer it at once would wait for each other's.
    """
    footage = {"group": video.group_id} if video.group_id else {"pk": video.pk}
    lock_all(Video.objects.filter(**footage))


def taken(user: Any, video: Video) -> list[Slot]:
    """Hold, and return, one slot of each of these videos, which `lock` locked."""
    chosen: dict[int, Slot] = {}
    for slot in slots(user, video).order_by("video", "n")[:MOST]:
        chosen.setdefault(slot.video_id, slot)
    return [slot for slot in chosen.values() if _hold(user, slot)]


def _hold(user: Any, slot: Slot) -> bool:
    held = _open(user).filter(pk=slot.pk).update(**lease(user))
    if held:
        slot.refresh_from_db()
    return bool(held)


def answered_with(annotation: Annotation) -> list[Annotation]:
    """Return the standing answers to twins that were given with `annotation`, in the order of the videos."""
    newer = Annotation.objects.filter(
        video=OuterRef("video"), labeler=OuterRef("labeler"), pk__gt=OuterRef("pk")
    )
    together = Annotation.objects.filter(together_with=annotation, outcome=Outcome.LABELED)
    standing = together.filter(~Exists(newer))
    return list(standing.select_related("video", "labeler").order_by("video"))
