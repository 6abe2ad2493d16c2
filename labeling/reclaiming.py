"""When a claim was lost with an answer in hand: where the video is now, and how to have it again."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.core.signing import Signer
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.formats import date_format

from labeling.models import SiteSettings, Slot, SlotState, Video
from labeling.picking import lease
from labeling.queue import MOST_HELD, ClaimLost, release
from labeling.suggesting import suggestions_for
from labeling.waiting import left_today

SIGNER = Signer(salt="labeling.reclaiming")


class NotGiven(Exception):
    """A person asks for a video that the queue never gave them: nobody chooses what they label."""

    def __init__(self) -> None:
        super().__init__(
            "This clip was never given to you, or by an older version of this page: it cannot be taken again."
        )


class DayIsFull(Exception):
    """A person gave as many answers today as the site allows."""

    def __init__(self) -> None:
        super().__init__("Your day is full: this answer can be saved tomorrow, if the clip is free then.")


@dataclass(frozen=True, slots=True)
class Fate:
    """Where a video is now, in words, and whether the person can have it again; `is_over`: never."""

    words: str
    is_free: bool = False
    is_over: bool = False


def fate_of(user: Any, video: Video) -> Fate:
    """Say where `video` went after a claim of `user` on it was lost."""
    own = Slot.objects.filter(video=video, labeler=user).exclude(state=SlotState.OUT).first()
    if own and own.state == SlotState.DONE:
        return Fate("You answered it already, perhaps in another window.", is_over=True)
    if own or _free(user, video).exists():
        return Fate("It is free: you can have it again.", is_free=True)
    # Another person's gold slot says nothing of where the video is.
    others = Slot.objects.filter(video=video, labeler__isnull=False, is_gold=False).select_related("labeler")
    if held := others.filter(state__in=[SlotState.HELD, SlotState.KEPT]).first():
        return Fate(f"{held.labeler} has it until {_clock(held.lease_until)}.")
    done = others.filter(state=SlotState.DONE).order_by("-n").first()
    return Fate(f"{done.labeler} answered it meanwhile." if done else "It left the queue meanwhile.")


def _free(user: Any, video: Video) -> Any:
    return Slot.objects.free().open_to(user).filter(video=video)


def _clock(moment: Any) -> str:
    local = timezone.localtime(moment)
    time = date_format(local, "TIME_FORMAT")
    if local.date() == timezone.localdate():
        return time
    return f"{date_format(local, 'MONTH_DAY_FORMAT')}, {time}"


def proof(user_id: int, video_id: int) -> str:
    """Return what shows that the queue gave this person this video.

    It stands in the page that was drawn for them, so it outlives the claim, the browser and the slot's next
    holder; a row that says so would have to be kept for each claim that ends unanswered.
    """
    return SIGNER.signature(f"{user_id}:{video_id}")


@transaction.atomic
def reclaim(user: Any, video: Video, *, by: str) -> Slot:
    """Give `user` a free slot of `video`, or the one they hold, `by` the proof that it was theirs.

    What the model says is written down as shown again: the person saw it before the claim was lost. What
    they hold beyond the most that anybody may, or may still answer today, is given back: the newest first.

    Raises:
        NotGiven: The proof is not of this person and video.
        DayIsFull: They may give no more answers today.
        ClaimLost: None is free.
    """
    if not constant_time_compare(by, proof(user.pk, video.pk)):
        raise NotGiven
    held: Slot | None = Slot.objects.filter(video=video, labeler=user, state=SlotState.HELD).first()
    slot = held or _take_in_place_of_another(user, video)
    suggestions_for(slot)
    return slot


def _take_in_place_of_another(user: Any, video: Video) -> Slot:
    if not (most := left_today(user, SiteSettings.current(), most=MOST_HELD)):
        raise DayIsFull
    taken = _take(user, video)
    others = Slot.objects.held_by(user).exclude(pk=taken.pk).order_by("claimed_at", "pk")
    beyond: Any = others.values_list("claim", flat=True)[most - 1 :]
    for claim in beyond:
        with suppress(ClaimLost):  # answered, or given back, in this moment
            release(user, claim)
    return taken


def _take(user: Any, video: Video) -> Slot:
    kept = Slot.objects.filter(video=video, labeler=user, state=SlotState.KEPT)
    best = _free(user, video).order_by("n").first()
    fields = lease(user)
    try:
        with transaction.atomic():
            won = kept.update(**fields)
            won = won or (best and Slot.objects.free().filter(pk=best.pk).update(**fields))
    except IntegrityError as exc:  # another window of this person took another slot of it meanwhile
        raise ClaimLost from exc
    if not won:
        raise ClaimLost
    taken: Slot = Slot.objects.select_related("video").get(claim=fields["claim"])
    return taken
