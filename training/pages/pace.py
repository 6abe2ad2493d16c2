"""Where labeling goes: what each label still lacks, when it will be there, and who labels how much."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from training.batches.counts import SERIES
from training.pages.bars import HEIGHT, WIDTH
from training.pages.figures import DAYS, Figures

LONG = 2 * 365
"""Days. What takes longer at today's pace is not in sight."""


@dataclass(frozen=True, slots=True)
class Lack:
    """One label: what is settled, what is wanted, and the pace."""

    name: str
    settled: int
    target: int
    gained: int

    @property
    def lacking(self) -> int:
        return max(self.target - self.settled, 0)

    @property
    def url(self) -> str:
        return f"{reverse('labeling:video-list')}?state=settled&label={self.name}"

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
    return [Lack(str(name), figures.settled[name], target, figures.gained[name]) for name in SERIES]


@dataclass(frozen=True, slots=True)
class Person:
    """How much somebody labeled: a bar a day, and sums."""

    name: str
    bars: str
    today: int
    week: int
    month: int


def people(figures: Figures) -> Iterator[Person]:
    """Yield everybody together (no name), then each person, who labeled most first; bars have one scale."""
    days = [figures.answers.get(day.isoformat(), {}) for day in figures.days]
    top = max((sum(day.values()) for day in days), default=0)
    names = {name for day in days for name in day}
    each = [_person(name, [day.get(name, 0) for day in days], top) for name in sorted(names)]
    if len(each) > 1:
        yield _person("", [sum(day.values()) for day in days], top)
    yield from sorted(each, key=lambda person: -person.month)


def _person(name: str, numbers: list[int], top: int) -> Person:
    room = WIDTH / len(numbers)
    bars = [
        f"M{place * room:.1f} {HEIGHT:.1f}v{-number * HEIGHT / top:.1f}h{room * 0.75:.1f}V{HEIGHT:.1f}z"
        for place, number in enumerate(numbers)
        if number
    ]
    return Person(name, "".join(bars), numbers[-1], sum(numbers[-7:]), sum(numbers))
