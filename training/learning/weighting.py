"""How much a label's positives count, so that a rare label is not learned as "never"."""

from collections.abc import Sequence

from cakelens.labels import V5_LABELS
from training.batches.rows import ManifestRow

MOST = 10.0  # a label with three positives would otherwise be learned by heart


def positive_weights(rows: Sequence[ManifestRow]) -> list[float]:
    """Give negatives per positive for each label in order, between 1 / `MOST` and `MOST`.

    1 where one of them is missing: there is nothing to balance.
    """
    judged = [[row.labels.get(label) for row in rows] for label in V5_LABELS]
    return [_weight(values.count(True), values.count(False)) for values in judged]


def _weight(positives: int, negatives: int) -> float:
    if not positives or not negatives:
        return 1.0
    return min(max(negatives / positives, 1 / MOST), MOST)
