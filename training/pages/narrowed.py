"""What an export was narrowed to, in words: such a version is no step of the dataset's growth."""

from training.models import TrainingBatch

FILTER_NAMES = {
    "labels": "Only with",
    "evidence": "Only with evidence",
    "authors": "Only by",
    "since": "Posted since",
    "until": "Posted until",
    "min_answers": "People who agree, at least",
}


def filters_in_words(batch: TrainingBatch) -> list[tuple[str, str]]:
    """Return each filter of a batch, in the order of FILTER_NAMES; none, and it took everything."""
    # PostgreSQL keeps JSON's keys in an order of its own.
    values = ((words, batch.filters[name]) for name, words in FILTER_NAMES.items() if name in batch.filters)
    return [(words, ", ".join(value) if isinstance(value, list) else str(value)) for words, value in values]


def filters_in_a_line(batch: TrainingBatch) -> str:
    """Give all filters in a line: Only with: KLING, VEO; Posted since: 2026-07-01."""
    return "; ".join(f"{name}: {words}" for name, words in filters_in_words(batch))
