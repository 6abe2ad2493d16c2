"""What is left for one person, and how much they have done: what the screen says honestly."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef
from django.utils import timezone

from labeling.models import Annotation, Outcome, SiteSettings, Slot, SlotState
from labeling.picking import Search

COUNTED_UP_TO = 1_000
"""Nobody reads a larger number of waiting videos, and counting it would cost more than the page."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is left for one person: videos to take, and videos that others hold (name, number, until).

    `day_is_full`: they gave as many answers today as the site allows, so nothing is handed to them.
    """

    num_free: int
    holders: list[tuple[str, int, datetime]]
    day_is_full: bool = False


def waiting(user: Any) -> Waiting:
    """Count what `user` could still label, and name who holds or keeps the rest."""
    search = Search.by(user)
    num_free = search.open(Slot.objects.free(search.now))[:COUNTED_UP_TO].count()
    others = (
        (Slot.objects.held() | Slot.objects.filter(state=SlotState.KEPT))
        .filter(is_gold=False)
        .exclude(labeler=user)
        .values("labeler__username")
        .annotate(num=Count("pk"), until=Max("lease_until"))
        .order_by("labeler__username")
    )
    holders = [(row["labeler__username"], row["num"], row["until"]) for row in others]
    return Waiting(num_free + search.num_kept, holders, is_day_full(user, search.site))


def is_day_full(user: Any, site: SiteSettings) -> bool:
    """Tell whether `user` has given as many answers today as one person may."""
    return bool(site.answers_per_day) and num_answered_today(user) >= site.answers_per_day


def num_answered_today(user: Any) -> int:
    """Count what a person answered or skipped since midnight and did not take back."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    taken_back = Annotation.objects.filter(replaces=OuterRef("pk"), outcome=Outcome.UNDONE)
    given = Annotation.objects.filter(labeler=user, created_at__gte=midnight, bulk=None, voiding=None)
    return given.filter(~Exists(taken_back), outcome__in=[Outcome.LABELED, Outcome.SKIPPED]).count()
