"""What is counted while a batch's rows stream by: splits, labels, and what kind of files they are."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cakelens.labels import V5_LABELS
from training.confounds import Confounds
from training.rows import ManifestRow

RESOLUTIONS: tuple[tuple[str, int], ...] = (
    ("under 360p", 0),
    ("360p", 360),
    ("480p", 480),
    ("720p", 720),
    ("1080p", 1080),
    ("1440p and more", 1440),
)
"""Names by the least short side of the largest encoding."""

DURATIONS: tuple[tuple[str, float], ...] = (
    ("under 5 s", 0),
    ("5 to 10 s", 5),
    ("10 to 30 s", 10),
    ("30 to 60 s", 30),
    ("1 to 2 min", 60),
    ("2 min and more", 120),
)
NO_EVIDENCE = "none"
GROUPS_SHOWN = 10


def step_of(value: float, steps: Iterable[tuple[str, float]]) -> str:
    """Give the name of the last step that `value` reaches."""
    return [name for name, least in steps if value >= least][-1]


@dataclass(slots=True)
class Tally:
    splits: Counter[str] = field(default_factory=Counter)
    labels: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    confounds: Confounds = field(default_factory=Confounds)
    _facts: dict[str, Counter[str]] = field(default_factory=dict)
    _groups: Counter[str] = field(default_factory=Counter)

    def counted(self, rows: Iterable[ManifestRow]) -> Iterator[ManifestRow]:
        """Hand the rows on, counted."""
        for row in rows:
            self.add(row)
            yield row

    def add(self, row: ManifestRow) -> None:
        self.splits[row.split] += 1
        for label in V5_LABELS:
            value = row.labels.get(label)
            counts = self.labels.setdefault(label, {}).setdefault(row.split, [0, 0, 0])
            counts[2 if value is None else 1 - int(value)] += 1
        self.confounds.add(row)
        self._groups[row.group] += 1
        variant = row.best_variant
        self._count("resolution", step_of(min(variant.width, variant.height), RESOLUTIONS))
        self._count("duration", step_of(variant.duration_seconds, DURATIONS))
        for kind in row.evidence or (NO_EVIDENCE,):
            self._count("evidence", kind)

    def _count(self, kind: str, value: str) -> None:
        self._facts.setdefault(kind, Counter())[value] += 1

    def facts(self) -> dict[str, Any]:
        """Give the counts as a batch keeps them, and its largest groups of more than one video."""
        largest = {key: number for key, number in self._groups.most_common(GROUPS_SHOWN) if number > 1}
        return {kind: dict(counts) for kind, counts in self._facts.items()} | {"groups": largest}
