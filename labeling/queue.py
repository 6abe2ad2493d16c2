"""The labeling queue: who gets which video next, and for how long.

A slot says "this video wants its n-th answer". The best free one is claimed by a single UPDATE; on
PostgreSQL its subquery skips locked rows, or fifty people would wait for one row.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Max, Prefetch
from django.utils import timezone

from labeling.collecting import splits
from labeling.models import Annotation, Outcome, Slot, SlotState, Variant, Video

LEASE = timedelta(minutes=15)
MOST_HELD = 3
COUNTED_UP_TO = 10_000
"""Nobody reads a larger number of waiting videos, and counting it would cost more than the page."""


class ClaimLost(Exception):
    """The claim ended: its time ran out and someone else took the video, or it was answered."""

    def __init__(self) -> None:
        super().__init__(
            "This video is no longer yours: the claim ran out, or it is answered. Take the next one."
        )


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is left for one person: videos to take, and videos that others hold (name, number, until)."""

    num_free: int
    holders: list[tuple[str, int, datetime]]


def lock(video: Video) -> None:
    """Let nobody else settle or reopen `video`, or open slots for it, until the transaction ends."""
    Video.objects.select_for_update().only("pk").get(pk=video.pk)


@transaction.atomic
def open_slot(video: Video) -> Slot:
    """Let `video` be labeled once more."""
    lock(video)
    n = Slot.objects.filter(video=video).aggregate(last=Max("n"))["last"] or 0
    return Slot.objects.create(video=video, n=n + 1, priority=video.priority)


def random_priority(video: Video) -> float:
    """Return the place of a video that nothing ranks: random, in [0, 1), and always the same."""
    return splits.fraction(f"order:{video.key}")


def claim(user: Any, *, most: int = 1) -> list[Slot]:
    """Return up to `most` slots that `user` holds, taking the best free ones as needed.

    Those already held come first, in the order they were claimed. Their videos, posts and stored
    variants (`video.stored_variants`) are loaded.
    """
    most = min(most, MOST_HELD)
    held = Slot.objects.held_by(user).count()
    for _ in range(most - held):
        if not _claim_best(user):
            break
    return list(_loaded(Slot.objects.held_by(user)).order_by("claimed_at", "pk")[:most])


def _claim_best(user: Any) -> bool:
    """Take the best free slot that `user` may answer. One UPDATE: two people never get one slot."""
    try:
        return bool(_take(user, timezone.now()))
    except IntegrityError:
        # Another window of this person took another slot of the same video meanwhile: they hold that one.
        return True


@transaction.atomic
def _take(user: Any, now: datetime) -> int:
    best = Slot.objects.free(now).open_to(user).order_by("-priority", "pk")
    if connection.features.has_select_for_update_skip_locked:
        best = best.select_for_update(skip_locked=True, of=("self",))
    # `=`, not `IN`: a plan may run the subquery of an IN once per row, and lock and take more than one.
    free = Slot.objects.free(now).filter(pk=best.values("pk")[:1])
    return int(
        free.update(
            state=SlotState.HELD,
            labeler=user,
            claim=uuid.uuid4(),
            claimed_at=now,
            lease_until=now + LEASE,
            shown_model="",
        )
    )


def _loaded(slots: Any) -> Any:
    stored = Variant.objects.stored().order_by("-width", "-height")
    return slots.select_related("video__post").prefetch_related(
        Prefetch("video__variants", queryset=stored, to_attr="stored_variants")
    )


def held(user: Any, claim: uuid.UUID) -> Slot:
    """Return the slot behind a claim of `user`, locked inside a transaction.

    A claim whose time ran out still counts while nobody else took the video: an answer given late is
    better than an answer lost.

    Raises:
        ClaimLost: Somebody else has it, or it is answered.
    """
    slots = Slot.objects.filter(claim=claim, labeler=user, state=SlotState.HELD)
    if connection.in_atomic_block:
        slots = slots.select_for_update(of=("self",))
    slot = slots.select_related("video").first()
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


def release(user: Any, claim: uuid.UUID) -> None:
    """Give a video back unanswered.

    Raises:
        ClaimLost: It was not held any more.
    """
    freed = Slot.objects.filter(claim=claim, labeler=user, state=SlotState.HELD).update(**FREED)
    if not freed:
        raise ClaimLost


FREED: dict[str, Any] = {
    "state": SlotState.FREE,
    "labeler": None,
    "claim": None,
    "claimed_at": None,
    "lease_until": None,
    "shown_model": "",
}


@transaction.atomic
def hold_again(user: Any, video: Video) -> Slot:
    """Give `user` back the slot of a video they answered, before everything else they hold."""
    theirs = Slot.objects.filter(video=video, labeler=user, state__in=[SlotState.DONE, SlotState.HELD])
    slot = theirs.first() or open_slot(video)
    now = timezone.now()
    first = Slot.objects.held_by(user).order_by("claimed_at").values_list("claimed_at", flat=True).first()
    Slot.objects.filter(pk=slot.pk).update(
        state=SlotState.HELD,
        labeler=user,
        claim=uuid.uuid4(),
        claimed_at=(first or now) - timedelta(microseconds=1),
        lease_until=now + LEASE,
        shown_model="",
    )
    slot.refresh_from_db()
    return slot


def waiting(user: Any) -> Waiting:
    """Count what `user` could still label, and name who holds the rest."""
    num_free = Slot.objects.free().open_to(user)[:COUNTED_UP_TO].count()
    others = (
        Slot.objects.held()
        .exclude(labeler=user)
        .values("labeler__username")
        .annotate(num=Count("pk"), until=Max("lease_until"))
        .order_by("labeler__username")
    )
    return Waiting(num_free, [(row["labeler__username"], row["num"], row["until"]) for row in others])


def num_answered_today(user: Any) -> int:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return Annotation.objects.filter(
        labeler=user, created_at__gte=midnight, outcome__in=[Outcome.LABELED, Outcome.SKIPPED]
    ).count()
