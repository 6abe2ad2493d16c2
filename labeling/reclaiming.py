"""When a claim was lost with an answer in hand: where the video is now, and how to have it again."""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.dateformat import format as in_format

from labeling.models import Slot, SlotState, Video
from labeling.picking import lease
from labeling.queue import ClaimLost
from labeling.suggesting import suggestions_for


@dataclass(frozen=True, slots=True)
class Fate:
    """Where a video is now, in words, and whether the person can have it again."""

    words: str
    is_free: bool = False


def fate_of(user: Any, video: Video) -> Fate:
    """Say where `video` went after a claim of `user` on it was lost."""
    own = Slot.objects.filter(video=video, labeler=user).exclude(state=SlotState.OUT).first()
    if own and own.state == SlotState.DONE:
        return Fate("You answered it already, perhaps in another window.")
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
    return in_format(timezone.localtime(moment), "H:i")


@transaction.atomic
def reclaim(user: Any, video: Video) -> Slot:
    """Give `user` a free slot of `video`, or the one they hold.

    What the model says is written down as shown again: the person saw it before the claim was lost.

    Raises:
        ClaimLost: None is free.
    """
    held: Slot | None = Slot.objects.filter(video=video, labeler=user, state=SlotState.HELD).first()
    slot = held or _take(user, video)
    suggestions_for(slot)
    return slot


def _take(user: Any, video: Video) -> Slot:
    best = _free(user, video).order_by("n").first()
    fields = lease(user)
    try:
        with transaction.atomic():
            won = best and Slot.objects.free().filter(pk=best.pk).update(**fields)
    except IntegrityError as exc:  # another window of this person took another slot of it meanwhile
        raise ClaimLost from exc
    if not won:
        raise ClaimLost
    taken: Slot = Slot.objects.select_related("video").get(claim=fields["claim"])
    return taken
