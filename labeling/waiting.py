"""What is left for one person, and how much they have done: what the screen says honestly."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef
from django.utils import timezone

from labeling.days import site_day, site_midnight
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
    """Count what `user` could still label, and name who holds or keeps the rest of it."""
    search = Search.by(user)
    num_free = search.open(Slot.objects.free(search.now))[:COUNTED_UP_TO].count()
    taken = Slot.objects.held() | Slot.objects.filter(state=SlotState.KEPT)
    others = (
        # What they answered, skipped or do not want to see would not come to them either; nor will what
        # was decided while somebody holds it come to anybody.
        search.open(taken.filter(is_gold=False, video__settlement=None).exclude(labeler=user))
        .values("labeler__username")
        .annotate(num=Count("pk"), until=Max("lease_until"))
        .order_by("labeler__username")
    )
    holders = [(row["labeler__username"], row["num"], row["until"]) for row in others]
    day_is_full = left_today(user, search.site, most=1) == 0
    return Waiting(num_free + search.num_kept, holders, day_is_full)


def left_today(user: Any, site: SiteSettings, *, most: int) -> int:
    """Return how many more answers `user` may give today, up to `most`: what they hold is among them."""
    if not site.answers_per_day:
        return most
    return max(min(site.answers_per_day - num_answered_today(user), most), 0)


def num_answered_today(user: Any) -> int:
    """Count what a person answered or skipped since midnight and did not take back.

    Midnight is the site's: in another zone, which any browser may name, the day would begin anew.
    """
    midnight = site_midnight(site_day(timezone.now()))
    taken_back = Annotation.objects.filter(replaces=OuterRef("pk"), outcome=Outcome.UNDONE)
    given = Annotation.objects.filter(labeler=user, created_at__gte=midnight, bulk=None, voiding=None)
    return given.filter(~Exists(taken_back), outcome__in=[Outcome.LABELED, Outcome.SKIPPED]).count()
