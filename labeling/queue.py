"""The labeling queue: who gets which video next, and for how long.

A slot says "this video wants its n-th answer". The best free one is claimed by a single UPDATE; on
PostgreSQL its subquery skips locked rows, or fifty people would wait for one row (labeling/picking.py).
"""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from labeling.collecting import splits
from labeling.composed import Given, Select
from labeling.locks import is_wanted
from labeling.models import Slot, SlotState, Variant, Video
from labeling.picking import COMES_BACK_AFTER, KEPT_FOR, LEASE, Search, lease, new_slot
from labeling.waiting import COUNTED_UP_TO, Waiting, left_today, num_answered_today, waiting

__all__ = ["COUNTED_UP_TO", "LEASE", "Waiting", "num_answered_today", "waiting"]

MOST_HELD = 3
UNSHOWN = (
    *("raw", "brought", "author_id", "num_likes", "num_reposts", "num_replies", "num_views", "quoted_id"),
    *("failure_kind", "failure_message", "deleted_on_x_at", "rechecked_at", "added_how", "collected_at"),
)
MINE = [SlotState.HELD, SlotState.DONE, SlotState.KEPT]
"""Whose slot it is cannot change any more, or not yet."""


def _held() -> Any:
    return Slot.objects.filter(labeler=Given(Slot, "labeler"), state=SlotState.HELD)


def _claimed() -> Any:
    return _held().filter(claim=Given(Slot, "claim"))


def _loaded() -> Any:
    # Neither the screen nor the API says these: X's whole JSON among them.
    unshown = ("fingerprint", *(f"post__{name}" for name in UNSHOWN))
    held = _held().filter(lease_until__gte=Given(Slot, "lease_until")).select_related("video__post")
    light = held.defer(*(f"video__{name}" for name in unshown))
    return light.order_by("claimed_at", "pk")[:MOST_HELD]


def _stored() -> Any:
    of_one = [Q(video=Given(Variant, "video", name)) for name in VIDEOS]
    return Variant.objects.stored().filter(reduce(or_, of_one)).order_by("-width", "-height")


VIDEOS = [f"video_{n}" for n in range(MOST_HELD)]
CLAIMED: Select[Slot] = Select(_claimed)
CLAIMED_AND_LOCKED: Select[Slot] = Select(lambda: _claimed().select_for_update())
LOADED: Select[Slot] = Select(_loaded)
STORED: Select[Variant] = Select(_stored)


class ClaimLost(Exception):
    """The claim ended: its time ran out and someone else took the video, or it was answered."""

    def __init__(self) -> None:
        super().__init__(
            "This video is no longer yours: the claim ran out, or it is answered. Take the next one."
        )


class PassedOn(Exception):
    """A skip cannot be taken back: the video is with somebody else, or answered."""

    def __init__(self, to: Any) -> None:
        super().__init__(f"{to} has this video now: your skip passed it on, and cannot be taken back.")


def open_slot(video: Video) -> Slot:
    """Let `video` be labeled once more."""
    return new_slot(video)


def random_priority(video: Video) -> float:
    """Return the place of a video that nothing ranks: random, in [0, 1), and always the same."""
    return splits.fraction(f"order:{video.key}")


def claim(user: Any, *, most: int = 1) -> list[Slot]:
    """Return up to `most` slots that `user` holds, taking the best free ones as needed.

    Those already held come first, in the order they were claimed. Their videos, posts and stored
    variants (`video.stored_variants`) are loaded. Nobody is given more than they may still answer today.
    """
    most = min(most, MOST_HELD)
    search = Search.by(user)
    if search.num_held < most:
        for _ in range(left_today(user, search.site, most=most) - search.num_held):
            if not search.take_next():
                break
    slots = LOADED(labeler=user.pk, lease_until=timezone.now())[:most]
    _add_variants([slot.video for slot in slots])
    return slots


def _add_variants(videos: Sequence[Any]) -> None:
    """Let each of at most `MOST_HELD` videos have its stored variants, the largest first."""
    pks = [video.pk for video in videos] + [None] * (MOST_HELD - len(videos))
    variants = STORED(**dict(zip(VIDEOS, pks, strict=True)))
    for video in videos:
        video.stored_variants = [each for each in variants if each.video_id == video.pk]


def held(user: Any, claim: uuid.UUID) -> Slot:
    """Return the slot behind a claim of `user`, locked inside a transaction.

    A claim whose time ran out still counts while nobody else took the video: an answer given late is
    better than an answer lost.

    Raises:
        ClaimLost: Somebody else has it, or it is answered.
    """
    found = CLAIMED_AND_LOCKED if connection.in_atomic_block else CLAIMED
    slot = found.first(claim=claim, labeler=user.pk)
    if slot is None:
        raise ClaimLost
    return slot


def heartbeat(user: Any, claim: uuid.UUID) -> Slot:
    """Renew a claim.

    Raises:
        ClaimLost: Somebody else has it, or it is answered.
    """
    mine = Slot.objects.filter(claim=claim, labeler=user, state=SlotState.HELD)
    if not mine.update(lease_until=timezone.now() + LEASE):
        raise ClaimLost
    return held(user, claim)


@transaction.atomic
def release(user: Any, claim: uuid.UUID) -> None:
    """Give a video back unanswered. One that was decided or withdrawn meanwhile goes to nobody else.

    Raises:
        ClaimLost: It was not held any more.
    """
    slot = held(user, claim)
    if slot.is_gold:  # it is for one person: given back, it is gone
        slot.delete()
    else:
        Slot.objects.filter(pk=slot.pk).update(**FREED if is_wanted(slot.video) else CLOSED)


FREED: dict[str, Any] = {
    "state": SlotState.FREE,
    "labeler": None,
    "claim": None,
    "claimed_at": None,
    "lease_until": None,
    "due_at": None,
    "shown_model": "",
}
CLOSED = FREED | {"state": SlotState.OUT}


@transaction.atomic
def hold_again(user: Any, video: Video) -> Slot:
    """Give `user` back the slot of a video they answered, before everything else they hold."""
    theirs = Slot.objects.filter(video=video, labeler=user, state__in=MINE)
    slot = theirs.first() or open_slot(video)
    first = Slot.objects.held_by(user).order_by("claimed_at").values_list("claimed_at", flat=True).first()
    before = (first or timezone.now()) - timedelta(microseconds=1)
    Slot.objects.filter(pk=slot.pk).update(**lease(user) | {"claimed_at": before})
    slot.refresh_from_db()
    return slot


def keep_for_later(slot: Slot) -> None:
    """Set a held slot aside for its holder."""
    now = timezone.now()
    kept = Slot.objects.filter(pk=slot.pk, claim=slot.claim, state=SlotState.HELD).update(
        state=SlotState.KEPT, claim=None, due_at=now + COMES_BACK_AFTER, lease_until=now + KEPT_FOR
    )
    if not kept:
        raise ClaimLost


def take_out(video: Video) -> None:
    """Let nobody else be asked for `video`; who holds it may still answer."""
    Slot.objects.filter(video=video, state=SlotState.FREE).update(state=SlotState.OUT)


def close_answered(user: Any, video: Video) -> None:
    """Close the slot in which `user` answered `video`: settling it opens what is still wanted."""
    Slot.objects.filter(video=video, labeler=user, state=SlotState.DONE, is_gold=False).update(**CLOSED)


def close_after(slot: Slot) -> None:
    """Close what was opened for others after `slot` was answered: its holder has the video again."""
    later = Slot.objects.filter(video=slot.video, state=SlotState.FREE, n__gt=slot.n)
    later.update(state=SlotState.OUT)


@transaction.atomic
def call_back(user: Any, video: Video) -> None:
    """Close the slot that a skip of `user` opened for others: one after their own.

    Raises:
        PassedOn: Somebody took it, or answered in it.
    """
    own = Slot.objects.filter(video=video, labeler=user, is_gold=False).order_by("-n").values("n")[:1]
    after = Slot.objects.filter(video=video, is_gold=False, n__gt=own).exclude(labeler=user)
    opened = Slot.objects.free() & after
    slot = opened.order_by("-n").first()
    if slot and opened.filter(pk=slot.pk).update(**CLOSED):
        return
    taken = after.filter(state__in=MINE)
    if last := taken.select_related("labeler").order_by("-n").first():
        raise PassedOn(last.labeler)
