"""Pages of long lists by key: the last page is as quick as the first, and what is added moves nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class KeysetPage:
    """Some rows, newest first. `newer` and `older` are the keys to go on from, None at an end."""

    rows: list[Any]
    newer: str | None
    older: str | None

    @classmethod
    def read(cls, rows: QuerySet[Any], query: Mapping[str, str], *, size: int) -> Self:
        """Return the page that `query` asks for: `before=KEY`, `after=KEY`, or the newest."""
        before, after = _key(query, "before"), _key(query, "after")
        if after is not None:
            found = list(rows.filter(pk__gt=after).order_by("pk")[: size + 1])
            page = found[:size][::-1]
            return cls(page, _edge(page, 0, len(found) > size), _edge(page, -1, there_is=True))
        older = rows if before is None else rows.filter(pk__lt=before)
        found = list(older.order_by("-pk")[: size + 1])
        page = found[:size]
        return cls(page, _edge(page, 0, before is not None), _edge(page, -1, len(found) > size))


def _key(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name, "")
    return int(text) if text.isdecimal() and len(text) <= 18 else None


def _edge(page: list[Any], index: int, there_is: bool) -> str | None:
    return str(page[index].pk) if page and there_is else None
