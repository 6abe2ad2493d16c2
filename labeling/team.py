"""How much each person labels, how fast, and how well, over the last days.

Bulk edits and answers given again after a voiding are no work of that day and are left out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, F, FloatField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Least, Round, TruncDate, TruncWeek
from django.utils import timezone

from labeling import agreement
from labeling.models import GOLD, REVIEW, Annotation, Outcome, Video

PERIODS = (7, 30, 90)
IDLE_SECONDS = 60.0
"""No answer counts for more: the screen stops its watch when nobody touches it, other clients may not."""


@dataclass
class Person:
    """One person's figures. A share of nothing is None."""

    user: Any
    days: int
    num_answers: int = 0
    num_skips: int = 0
    num_undone: int = 0
    seconds: Counter[float] = field(default_factory=Counter)
    gold: "Share" = field(default_factory=lambda: Share())
    with_others: "Share" = field(default_factory=lambda: Share())
    accepted_shown: "Share" = field(default_factory=lambda: Share())
    accepted_blind: "Share" = field(default_factory=lambda: Share())

    @property
    def hours(self) -> float:
        return sum(seconds * n for seconds, n in self.seconds.items()) / 3600

    @property
    def per_day(self) -> float:
        return self.num_answers / self.days

    @property
    def shares(self) -> "list[Share]":
        return [self.gold, self.with_others, self.accepted_shown, self.accepted_blind]

    @property
    def per_hour(self) -> float | None:
        timed = sum(self.seconds.values())
        return timed / self.hours if timed and self.hours else None

    @property
    def median_seconds(self) -> float | None:
        return median(self.seconds)


@dataclass(slots=True)
class Share:
    """So many of so many."""

    part: int = 0
    whole: int = 0

    @property
    def value(self) -> float | None:
        return self.part / self.whole if self.whole else None

    def add(self, *, is_in: bool) -> None:
        self.part += is_in
        self.whole += 1


def median(counts: Counter[float]) -> float | None:
    """Return the median of values given as a histogram, the lower one of two."""
    seen, half = 0, (sum(counts.values()) + 1) // 2
    for value in sorted(counts):
        seen += counts[value]
        if seen >= half:
            return value
    return None


class Team:
    """Everybody's figures of the last `days` days; of one person, if `only` is given."""

    def __init__(self, days: int, only: Any = None) -> None:
        self.days = days
        self.since = _midnight() - timedelta(days=days - 1)
        self.only = only

    @cached_property
    def people(self) -> list[Person]:
        people = {user.pk: Person(user, self.days) for user in self._users()}
        # Who gives their first answer of the period between two of these queries is left for the next look.
        given = self.given().filter(labeler__in=people)
        _count(people, given)
        _time(people, given)
        _gold(people, given)
        _accepted(people, given)
        self._compare(people)
        return list(people.values())

    @property
    def is_empty(self) -> bool:
        return not any(person.num_answers or person.num_skips for person in self.people)

    def given(self) -> Any:
        """Return the answers of the period that are somebody's work."""
        given = Annotation.objects.filter(created_at__gte=self.since, bulk=None, voiding=None)
        return given.filter(labeler=self.only) if self.only else given

    def _users(self) -> "QuerySet[Any]":
        users = get_user_model()._default_manager.order_by("username")
        if self.only:
            return users.filter(pk=self.only.pk)
        return users.filter(pk__in=self.given().values("labeler").distinct())

    def _compare(self, people: dict[int, Person]) -> None:
        for answers in agreement.shared_answers():
            for answer in answers:
                others = [each for each in answers if each is not answer]
                if (person := people.get(answer["labeler"])) and answer["created_at"] >= self.since:
                    for other in others:
                        person.with_others.add(is_in=answer["ai_gen"] == other["ai_gen"])


def _count(people: dict[int, Person], given: Any) -> None:
    counts = given.values("labeler").annotate(
        answers=Count("pk", filter=Q(outcome=Outcome.LABELED)),
        skips=Count("pk", filter=Q(outcome=Outcome.SKIPPED)),
        undone=Count("pk", filter=Q(outcome=Outcome.UNDONE)),
    )
    for row in counts:
        person = people[row["labeler"]]
        person.num_answers, person.num_skips = row["answers"], row["skips"]
        person.num_undone = row["undone"]


def _time(people: dict[int, Person], given: Any) -> None:
    """Read times as a histogram in tenths of a second: the median, without every row in memory."""
    rows = given.filter(seconds__isnull=False).annotate(rounded=Round("seconds", 1))
    for row in rows.values("labeler", "rounded").annotate(n=Count("pk")).order_by():
        people[row["labeler"]].seconds[min(row["rounded"], IDLE_SECONDS)] += row["n"]


def _gold(people: dict[int, Person], given: Any) -> None:
    for answer in gold_answers(given):
        people[answer.labeler_id].gold.add(is_in=is_right(answer))


def _accepted(people: dict[int, Person], given: Any) -> None:
    for is_shown, share in ((True, "accepted_shown"), (False, "accepted_blind")):
        for row in accepted(given, is_shown=is_shown):
            setattr(people[row["labeler"]], share, Share(row["same"], row["n"]))


def gold_answers(given: Any) -> Any:
    labeled = given.filter(picked_by=GOLD, outcome=Outcome.LABELED, video__gold__isnull=False)
    return labeled.select_related("video__gold")


def is_right(answer: Annotation) -> bool:
    """Tell whether an answer contradicts the known one nowhere; what either left open is no contradiction."""
    said, known = answer.labels(), answer.video.gold.labels()
    return all(None in (said[label], known[label]) or said[label] == known[label] for label in known)


def accepted(given: Any, *, is_shown: bool) -> Any:
    """Count each person's answers to videos a model judged, and those that say of AI_GEN what it says.

    `is_shown`: answers that saw its suggestion, against that model; else answers that saw none, against the
    prediction that is served. The difference of the two is how far suggestions lead people.
    """
    said = Video.predictions.field.model.objects.filter(video=OuterRef("video"))  # type: ignore[attr-defined]
    said = said.filter(model__slug=OuterRef("shown_model")) if is_shown else said.filter(is_served=True)
    labeled = given.filter(outcome=Outcome.LABELED).exclude(picked_by=REVIEW)
    labeled = labeled.exclude(shown_model="") if is_shown else labeled.filter(shown_model="")
    probability = Subquery(said.values("ai_gen")[:1], output_field=FloatField())
    judged = labeled.annotate(probability=probability).filter(probability__isnull=False)
    is_same = Q(probability__gte=0.5, ai_gen=True) | Q(probability__lt=0.5, ai_gen=False)
    return judged.values("labeler").annotate(n=Count("pk"), same=Count("pk", filter=is_same)).order_by()


@dataclass(frozen=True, slots=True)
class Day:
    """What one person did on one day."""

    person: str
    day: date
    num_answers: int
    num_skips: int
    hours: float


def by_day(given: Any) -> Iterator[Day]:
    """Yield who did what on which day, the newest day first."""
    timed = given.exclude(outcome=Outcome.UNDONE).annotate(day=TruncDate("created_at"))
    rows = timed.values("day", name=F("labeler__username")).annotate(
        answers=Count("pk", filter=Q(outcome=Outcome.LABELED)),
        skips=Count("pk", filter=Q(outcome=Outcome.SKIPPED)),
        # Of an answer that has none, PostgreSQL's LEAST would make a minute.
        seconds=Sum(Least(F("seconds"), IDLE_SECONDS), filter=Q(seconds__isnull=False), default=0.0),
    )
    for row in rows.order_by("-day", "name"):
        yield Day(row["name"], row["day"], row["answers"], row["skips"], row["seconds"] / 3600)


def gold_by_week(given: Any) -> list[tuple[datetime, Share]]:
    """Return a person's score on gold, week by week, the newest first."""
    weeks: defaultdict[datetime, Share] = defaultdict(Share)
    answers: Iterable[Any] = gold_answers(given).annotate(week=TruncWeek("created_at"))
    for answer in answers:
        weeks[answer.week].add(is_in=is_right(answer))
    return sorted(weeks.items(), reverse=True)


def _midnight() -> datetime:
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
