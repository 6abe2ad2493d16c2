"""A batch as `clips.csv`: a line for each video, its label and the facts of its largest file.

What an audit of shortcuts reads (VidAudit, arXiv 2606.31004): can a clip be told from its file alone?
Loads neither torch nor Django.
"""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cakelens.labels import GENERATORS, Label
from training.batches.rows import ManifestRow

FACTS = ("width", "height", "fps", "duration_seconds", "num_frames", "codec", "bit_rate_bps", "num_bytes")
HEADER = ("clip", "file", "sha256", "label", "generator", "split", "group", "author", *FACTS)


def written(rows: Iterable[ManifestRow], path: Path) -> Iterator[ManifestRow]:
    """Hand the rows on, each with its line written to `path`; the file is whole when they end."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for row in rows:
            writer.writerow(_line(row))
            yield row


def _line(row: ManifestRow) -> list[Any]:
    variant = row.best_variant
    label = "ai" if row.labels[Label.AI_GEN] else "real"
    generators = ";".join(name for name in GENERATORS if row.labels.get(name))
    known = [row.video, variant.name, variant.sha256, label, generators, row.split, row.group, row.author]
    return [*known, *(getattr(variant, fact) for fact in FACTS)]
