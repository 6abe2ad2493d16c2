"""What is said of an imported clip beside its bytes, and whether it can be kept."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from labeling.collecting.errors import BadFacts
from labeling.models import Post

YEARS = range(1900, 2100)
"""Outside, a moment may be none in another zone: pages could not show it."""


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """What is known of an imported clip beside its bytes."""

    author_handle: str = ""
    text: str = ""
    posted_at: datetime | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    split: str = ""
    """The side on which the clip's own dataset has it."""


def moment(value: str) -> datetime | None:
    """Read when a clip was posted, in UTC unless it says otherwise; nothing of nothing.

    Raises:
        BadFacts: It is no moment, or one that nobody can have meant.
    """
    if not value:
        return None
    try:
        read = datetime.fromisoformat(value)
    except ValueError as exc:
        raise _no_moment(value) from exc
    if read.year not in YEARS:
        raise _no_moment(value)
    # In UTC: PostgreSQL takes no zone as far from it as Python does.
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def _no_moment(value: str) -> BadFacts:
    return BadFacts(
        f"posted_at is {value!r}. Write it like 2026-07-14T12:30:00Z, "
        f"of a year from {YEARS.start} to {YEARS.stop - 1}."
    )


def fit(facts: ClipFacts) -> ClipFacts:
    """Return the facts that came in.

    Raises:
        BadFacts: The database would not take them.
    """
    longest = Post._meta.get_field("author_handle").max_length
    if longest and len(facts.author_handle) > longest:
        raise BadFacts(f"author has {len(facts.author_handle)} characters; at most {longest} are kept.")
    for name, value in _texts(facts):
        if "\0" in f"{name}{value}":
            raise BadFacts(f"{name!r} holds a NUL character, which is no text.")
    return facts


def _texts(facts: ClipFacts) -> Iterator[tuple[str, str]]:
    yield from (("author", facts.author_handle), ("text", facts.text), *facts.metadata.items())
