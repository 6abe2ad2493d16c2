"""The growth page's figures as files: a row for each version and split, and for each day and person."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from cakelens.labels import V5_LABELS
from labeling.models import Split
from training.batches.counts import NEGATIVE, NOT_JUDGED, POSITIVE, Count
from training.pages.figures import Figures
from training.pages.growth import Version

JUDGED = (("", POSITIVE), ("_no", NEGATIVE), ("_not_judged", NOT_JUDGED))
HEADER = (
    *("batch", "exported_at", "digest", "split", "videos", "filters"),
    *(f"{label}{suffix}" for label in V5_LABELS for suffix, _ in JUDGED),
)


class _Echo:
    """A file that hands each line back: csv writes, the response streams."""

    def write(self, line: str) -> str:
        return line


def csv_lines(versions: Iterable[Version]) -> Iterator[str]:
    """Yield the lines, header first."""
    writer = csv.writer(_Echo())
    yield writer.writerow(HEADER)
    for version in versions:
        for split in Split.values:
            yield writer.writerow(_row(version, split))


def day_lines(figures: Figures) -> Iterator[str]:
    """Yield how much each person labeled each day, header first."""
    writer = csv.writer(_Echo())
    yield writer.writerow(("day", "person", "labeled"))
    for day, people in figures.answers.items():
        for person, number in people.items():
            yield writer.writerow((day, person, number))


def _row(version: Version, split: str) -> list[Any]:
    batch = version.batch
    counts = [Count.of_judged(batch, label, judged) for label in V5_LABELS for _, judged in JUDGED]
    exported_at = batch.exported_at.isoformat() if batch.exported_at else ""
    videos = getattr(version.videos, split)
    known = [batch.slug, exported_at, batch.digest, split, videos, version.narrowed_to]
    return [*known, *(getattr(count, split) for count in counts)]
