"""Where labeling goes: what each label still lacks, when it will be there, and who labels how much."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse

from training.batches.counts import SERIES
from training.pages.bars import HEIGHT, WIDTH
from training.pages.figures import DAYS, Figures
from training.pages.growth import Cell

LONG = 2 * 365
"""Days. What takes longer at today's pace is not in sight."""


@dataclass(frozen=True, slots=True)
class Lack:
    """One label: what is settled, what is wanted, and the pace."""

    name: str
    settled: int
    target: int
    gained: int
    since: date
    """The first of the days in which those were gained."""

    @property
    def lacking(self) -> int:
        return max(self.target - self.settled, 0)

    @property
    def url(self) -> str:
        """The videos that are counted: those that a batch would take."""
        return f"{reverse('labeling:video-list')}?state=exportable&label={self.name}"

    @property
    def gained_url(self) -> str:
        return f"{self.url}&settled={self.since.isoformat()}"

    @property
    def share(self) -> str:
        """A path over 200 units that stand for the target."""
        return f"M0 0h{200 * min(self.settled / self.target, 1):.1f}v10H0z"

    @property
    def forecast(self) -> str:
        """When the target is reached at the pace of the last weeks."""
        if not self.lacking:
            return "reached"
        if not self.gained:
            return f"none in {DAYS} days"
        days = math.ceil(self.lacking * DAYS / self.gained)
        return _span(days) if days <= LONG else "not in sight"


def _span(days: int) -> str:
    if days <= 14:
        return f"in about {days} day{'s' if days > 1 else ''}"
    if days <= 70:
        return f"in about {round(days / 7)} weeks"
    return f"in about {round(days / 30.4)} months"


def lacks(figures: Figures, target: int) -> list[Lack]:
    """Return the labels in the page's order."""
    since = figures.days[0]
    return [Lack(str(name), figures.settled[name], target, figures.gained[name], since) for name in SERIES]


@dataclass(frozen=True, slots=True)
class Person:
    """How much somebody labeled: a bar a day, and sums, each with a link to its videos."""

    name: str
    bars: str
    today: Cell
    week: Cell
    month: Cell

    @property
    def cells(self) -> list[Cell]:
        return [self.today, self.week, self.month]


def people(figures: Figures) -> Iterator[Person]:
    """Yield everybody together (no name), then each person, who labeled most first; bars have one scale."""
    dates = figures.days
    days = [figures.answers.get(day.isoformat(), {}) for day in dates]
    top = max((sum(day.values()) for day in days), default=0)
    names = {name for day in days for name in day}
    each = [_person(name, [day.get(name, 0) for day in days], dates, top) for name in sorted(names)]
    if len(each) > 1:
        yield _person("", [sum(day.values()) for day in days], dates, top)
    yield from sorted(each, key=lambda person: -person.month.number)


def _person(name: str, numbers: list[int], dates: list[date], top: int) -> Person:
    room = WIDTH / len(numbers)
    bars = [
        f"M{place * room:.1f} {HEIGHT:.1f}v{-number * HEIGHT / top:.1f}h{room * 0.75:.1f}V{HEIGHT:.1f}z"
        for place, number in enumerate(numbers)
        if number
    ]
    sums = (Cell(sum(numbers[-last:]), _labeled_url(name, dates[-last])) for last in (1, 7, DAYS))
    return Person(name, "".join(bars), *sums)


def _labeled_url(name: str, since: date) -> str:
    query = {"labeled": since.isoformat()} | ({"by": name} if name else {})
    return f"{reverse('labeling:video-list')}?{urlencode(query)}"
