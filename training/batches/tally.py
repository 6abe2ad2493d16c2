"""What is counted while a batch's rows stream by: splits, labels, and what kind of files they are."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cakelens.labels import V5_LABELS
from training.batches.confounds import Confounds
from training.batches.ranges import duration_of, resolution_of
from training.batches.rows import ManifestRow

NO_EVIDENCE = "none"
GROUPS_SHOWN = 10


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
        self._count("resolution", resolution_of(row))
        self._count("duration", duration_of(row))
        for kind in row.evidence or (NO_EVIDENCE,):
            self._count("evidence", kind)

    def _count(self, kind: str, value: str) -> None:
        self._facts.setdefault(kind, Counter())[value] += 1

    def facts(self) -> dict[str, Any]:
        """Give the counts as a batch keeps them, and its largest groups of more than one video."""
        largest = {key: number for key, number in self._groups.most_common(GROUPS_SHOWN) if number > 1}
        return {kind: dict(counts) for kind, counts in self._facts.items()} | {"groups": largest}
