"""What an export was narrowed to, in words: such a version is no step of the dataset's growth."""

from collections.abc import Callable, Mapping
from typing import Any

from labeling.models import EvidenceKind
from labeling.templatetags.figures import label_word
from training.models import TrainingBatch

FILTER_NAMES = {
    "labels": "Only with",
    "evidence": "Only with evidence",
    "authors": "Only by",
    "since": "Posted since",
    "until": "Posted until",
    "min_answers": "People who agree, at least",
}
WORDS: Mapping[str, Callable[[str], str]] = {
    "labels": label_word,
    "evidence": lambda kind: EvidenceKind(kind).label,
}
"""How a value is said where it is not its own word."""


def filters_in_words(batch: TrainingBatch) -> list[tuple[str, str]]:
    """Return each filter of a batch, in the order of FILTER_NAMES; none, and it took everything."""
    # PostgreSQL keeps JSON's keys in an order of its own.
    values = ((name, batch.filters[name]) for name in FILTER_NAMES if name in batch.filters)
    return [(FILTER_NAMES[name], _in_words(name, value)) for name, value in values]


def _in_words(name: str, value: Any) -> str:
    said = WORDS.get(name, str)
    return ", ".join(map(said, value)) if isinstance(value, list) else said(value)


def filters_in_a_line(batch: TrainingBatch) -> str:
    """Give all filters in a line: Only with: KLING, VEO; Posted since: 2026-07-01."""
    return "; ".join(f"{name}: {words}" for name, words in filters_in_words(batch))
