"""What the growth page says of a dataset that is too large to count at each look.

One row keeps the figures; a task counts them anew, the less often the longer that takes. A small dataset is
counted when somebody looks: what was labeled a second ago is there.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import DatabaseError
from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from cakelens.labels import Label
from labeling.controls import NOT_AI
from labeling.days import site_day, site_midnight
from labeling.filters import settled_as
from labeling.models import Annotation, Outcome, Video
from training.batches.counts import SERIES
from training.batches.upcoming import count_waiting
from training.models import GrowthFigures

logger = logging.getLogger(__name__)

DAYS = 28
QUICK_SECONDS = 0.05
"""Counting that takes no longer is done for each look at the page."""

REST = 20
"""Counting takes at most one part in so many of a worker's time."""


@dataclass(frozen=True, slots=True)
class Figures:
    """`settled`: positives that the next batch could have, by name of SERIES; `gained`: those of them settled
    in the last DAYS; `answers`: {day: {person: number}}; `waiting`: videos that it adds or changes; `anew`:
    those of them that it only changes.
    """

    settled: Mapping[str, int]
    gained: Mapping[str, int]
    answers: Mapping[str, Mapping[str, int]]
    waiting: int
    anew: int
    counted_at: datetime
    is_live: bool

    @property
    def age_seconds(self) -> float:
        """How long ago they were counted: much is labeled within the minute that is else called just now."""
        return (timezone.now() - self.counted_at).total_seconds()

    @property
    def whole(self) -> int:
        """The size of a batch that takes everything: each video is judged to be AI-generated or not."""
        return self.settled[Label.AI_GEN] + self.settled[NOT_AI]

    @property
    def days(self) -> list[date]:
        """The days that are counted, the oldest first."""
        return _days(self.counted_at)


def _days(until: datetime) -> list[date]:
    today = site_day(until)
    return [today - timedelta(days=back) for back in reversed(range(DAYS))]


def current() -> Figures:
    """Return the figures: counted now if that is quick, else as the task left them."""
    row = GrowthFigures.objects.filter(pk=1).first()
    if row is None or "anew" not in row.figures:  # what was counted before an update lacks it
        row = recount()
    is_live = row.seconds <= QUICK_SECONDS
    counted = _count() if is_live else row.figures
    return Figures(**counted, counted_at=timezone.now() if is_live else row.counted_at, is_live=is_live)


def recount() -> GrowthFigures:
    """Count everything and keep it."""
    begin = time.perf_counter()
    figures = _count()
    values = {
        "figures": figures,
        "seconds": time.perf_counter() - begin,
        "counted_at": timezone.now(),
    }
    return GrowthFigures.objects.update_or_create(pk=1, defaults=values)[0]


def recount_at_once() -> None:
    """Count anew after an export: the page should not say that what it took still waits."""
    try:
        recount()
    except DatabaseError as exc:  # the export is done: the task counts in a minute
        logger.warning("The figures could not be counted after an export: %s", exc)


def recount_if_due() -> bool:
    """Count anew unless that was done lately, for how long it takes."""
    row = GrowthFigures.objects.filter(pk=1).first()
    if row and timezone.now() < row.counted_at + timedelta(seconds=row.seconds * REST):
        return False
    recount()
    return True


def _count() -> dict[str, Any]:
    since = site_midnight(_days(timezone.now())[0])
    num_waiting, num_anew = count_waiting()
    return {**_labels(since), "answers": _answers(since), "waiting": num_waiting, "anew": num_anew}


def _labels(since: datetime) -> dict[str, dict[str, int]]:
    """Count positives, and those settled `since`, in one pass over what a batch would take."""
    is_new = Q(settlement__created_at__gte=since)
    wanted = {name: Q(**settled_as(name)) for name in SERIES}
    counts = {f"settled_{name}": Count("pk", filter=q) for name, q in wanted.items()}
    counts |= {f"gained_{name}": Count("pk", filter=q & is_new) for name, q in wanted.items()}
    found = Video.objects.exportable().aggregate(**counts)
    return {kind: {str(name): found[f"{kind}_{name}"] for name in wanted} for kind in ("settled", "gained")}


def _answers(since: datetime) -> dict[str, dict[str, int]]:
    answers = Annotation.objects.filter(outcome=Outcome.LABELED, created_at__gte=since)
    # The site's days: counted once, they are shown to readers in every zone.
    of_the_site = TruncDate("created_at", tzinfo=timezone.get_default_timezone())
    days = answers.annotate(day=of_the_site).values_list("day", "labeler__username")
    found: dict[str, dict[str, int]] = {}
    for day, person, number in days.annotate(number=Count("pk")).order_by("day"):
        found.setdefault(day.isoformat(), {})[person] = number
    return found
