"""What a labeler is not told yet, so that each answer is one's own.

Labels would be in a person's mind while they have the clip, or may be tested with it: gold looks like any
video that waits for labels. What models say of a blind clip would be, too, until the answer is out of reach.
All copies of a footage keep what one of them keeps. Reviewers are told everything.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from labeling.answering import last_answers
from labeling.models import Annotation, GoldAnswer, Slot, SlotState, Video

FRESH = timedelta(days=1)
"""So long after an answer its giver does not read what models say of a blind clip: it can be taken back."""


def is_told_all(user: Any) -> bool:
    return bool(user.has_perm("labeling.review_video"))


def withhold(user: Any, videos: Iterable[Video]) -> None:
    """Let videos look unsettled whose labels `user` is not to know yet. The rows are for drawing only."""
    settled = [video for video in videos if video.settlement_id]
    if not settled or is_told_all(user):
        return
    groups = {video.group_id for video in settled}
    kept = set(_kept_from(user).filter(group__in=groups).values_list("group", flat=True))
    for video in settled:
        if video.group_id in kept:
            video.settlement = None


def told(user: Any, videos: Any) -> Any:
    """Leave out what `withhold` would change: a filter by labels would tell them as well."""
    if is_told_all(user):
        return videos
    return videos.filter(~Exists(_kept_from(user).filter(group=OuterRef("group"))))


def told_by_models(user: Any, videos: Any) -> Any:
    """Leave out the videos of which `user` is not to know yet what models say."""
    if is_told_all(user):
        return videos
    blind = Exists(Video.objects.filter(is_blind=True, group=OuterRef("group")))
    kept = Exists(_kept_from(user).filter(group=OuterRef("group")))
    fresh = Exists(_within_reach(user).filter(video__group=OuterRef("group")))
    return videos.exclude(blind & (kept | fresh))


def _kept_from(user: Any) -> "QuerySet[Video]":
    # What was decided while they held it stays held by them; they have it as long as its lease runs.
    has = Q(state=SlotState.HELD, lease_until__gte=timezone.now()) | Q(state=SlotState.KEPT)
    theirs = Slot.objects.filter(has, video=OuterRef("pk"), labeler=user)
    gold = GoldAnswer.objects.in_use().filter(video=OuterRef("pk"))
    found: QuerySet[Video] = Video.objects.filter(
        Q(is_blind=True, settlement=None) | Exists(theirs) | Exists(gold)
    )
    return found


def _within_reach(user: Any) -> "QuerySet[Annotation]":
    last = [answer.pk for answer in last_answers(user)]
    found: QuerySet[Annotation] = Annotation.objects.filter(
        Q(created_at__gte=timezone.now() - FRESH) | Q(pk__in=last), labeler=user
    )
    return found
