"""Which of the settled videos a batch takes. What was asked for is part of the manifest."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from functools import reduce
from operator import or_
from typing import Any, Self

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from cakelens.labels import V5_LABELS, Label
from labeling.controls import NOT_AI
from labeling.days import site_midnight
from labeling.filters import FIRST_DAY, LAST_DAY, settled_as
from labeling.models import Evidence, EvidenceKind, Settlement, Video

LABELS: tuple[str, ...] = (Label.AI_GEN, NOT_AI, *V5_LABELS[1:])


class BadFilter(ValueError):
    """A filter that cannot be meant; the message says which and what to write."""


@dataclass(frozen=True, slots=True)
class BatchFilters:
    """A filter that is empty leaves nobody out; several at once must all let a video in.

    `labels`: with at least one of these on (NOT_AI: judged not to be). `evidence`: AI-generated ones only
    with evidence of one of these kinds; what is not AI-generated has none, and stays. `authors`: by these
    handles. `since`, `until`: posted on these days or between. `min_answers`: as many people agree.
    """

    labels: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    min_answers: int = 0

    def __post_init__(self) -> None:
        _known("label", self.labels, LABELS)
        _known("kind of evidence", self.evidence, EvidenceKind.values)
        for handle in self.authors:
            _check_handle(handle)
        for name in ("since", "until"):
            _day(name, getattr(self, name))
        if self.since and self.until and self.since > self.until:
            raise BadFilter(f"since is {self.since}, after until, {self.until}. Swap them.")
        if self.min_answers < 0:
            raise BadFilter(f"The least number of answers must be >= 0, got {self.min_answers}.")

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise BadFilter(f"{unknown[0]!r} is no filter. Filters are: {', '.join(sorted(known))}.")
        plain: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in values.items()}
        return cls(**plain)

    def to_json(self) -> dict[str, Any]:
        """Give the filters that leave somebody out, as the manifest has them."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value
        }

    def apply(self, videos: QuerySet[Video]) -> QuerySet[Video]:
        if self.labels:
            videos = videos.filter(reduce(or_, (Q(**settled_as(label)) for label in self.labels)))
        if self.evidence:
            videos = videos.filter(Q(settlement__ai_gen=False) | Exists(self._supporting()))
        if self.authors:
            handles = (Q(post__author_handle__iexact=handle.removeprefix("@")) for handle in self.authors)
            videos = videos.filter(reduce(or_, handles))
        if self.min_answers:
            videos = videos.filter(Exists(self._agreed()))
        return self._posted(videos)

    def _supporting(self) -> QuerySet[Evidence]:
        rests_on = Q(annotation__settlements=OuterRef("settlement_id"))
        return Evidence.objects.filter(rests_on, kind__in=self.evidence)

    def _agreed(self) -> QuerySet[Any]:
        links: Any = Settlement.annotations.through._default_manager.filter(
            settlement=OuterRef("settlement_id")
        )
        counted = links.values("settlement").annotate(answers=Count("pk"))
        return counted.filter(answers__gte=self.min_answers)  # type: ignore[no-any-return]

    def _posted(self, videos: QuerySet[Video]) -> QuerySet[Video]:
        if since := _day("since", self.since):
            # The site's days, not the reader's: a background export means the videos that the page counted.
            videos = videos.filter(post__posted_at__gte=site_midnight(since))
        if until := _day("until", self.until):
            videos = videos.filter(post__posted_at__lt=site_midnight(until + timedelta(days=1)))
        return videos


def _known(what: str, given: tuple[str, ...], known: Any) -> None:
    if unknown := sorted(set(given) - set(known)):
        raise BadFilter(f"{unknown[0]!r} is no {what}. There are: {', '.join(known)}.")


def _check_handle(handle: str) -> None:
    # An empty one would take every import whose author nobody told.
    if not handle.strip("@ ") or not handle.isprintable():
        raise BadFilter(f"{handle!r} is no author. Write a handle like @maker.")


def _day(name: str, value: str) -> date | None:
    if not value:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError as exc:
        raise BadFilter(f"{name} is {value!r}. Write a day like 2026-07-14.") from exc
    if not FIRST_DAY <= day <= LAST_DAY:
        raise BadFilter(f"{name} is {value!r}. Write a day from {FIRST_DAY} to {LAST_DAY}.")
    return day
