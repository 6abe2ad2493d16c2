"""A model's score of AI_GEN on parts of a split: one generator, one size, one length, unseen authors.

A score over everything hides that a model knows one generator and guesses at the others. Each part has the
metadata-only baseline beside it. Loads neither torch nor Django.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cakelens.labels import GENERATORS, Label
from training.batches.ranges import DURATIONS, RESOLUTIONS, Steps, duration_of, resolution_of
from training.batches.rows import ManifestRow
from training.evaluating import baseline
from training.evaluating.metrics import intervals, one_class_reason

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


def slices(
    rows: Sequence[ManifestRow], scores_V: Floats, train: Sequence[ManifestRow], threshold: float
) -> list[dict[str, Any]]:
    """Give the numbers of each part of `rows` that holds both classes or says why it cannot be measured.

    `threshold` is AI_GEN's, chosen elsewhere. The result is plain JSON.
    """
    targets_V = baseline.ai_gen(rows)
    by_facts_V = _by_facts(train, rows)
    found = []
    for kind, name, part_V in _parts(rows, train):
        part_rows = [row for row, is_in in zip(rows, part_V, strict=True) if is_in]
        numbers = _numbers(part_rows, scores_V[part_V], targets_V[part_V], threshold)
        beside = None if by_facts_V is None else _auc(by_facts_V[part_V], targets_V[part_V])
        found.append({"kind": kind, "name": name} | numbers | {"baseline_auc": beside})
    return found


def _parts(rows: Sequence[ManifestRow], train: Sequence[ManifestRow]) -> Iterator[tuple[str, str, Mask]]:
    """Yield each part that holds a video; a generator's has its videos and all that are not generated."""
    filmed_V = ~baseline.ai_gen(rows)
    for label in GENERATORS:
        made_V = np.array([row.labels.get(label) is True for row in rows], dtype=np.bool_)
        if made_V.any():
            yield "generator", label.value, made_V | filmed_V
    yield from _ranges("resolution", RESOLUTIONS, rows, resolution_of)
    yield from _ranges("duration", DURATIONS, rows, duration_of)
    known = {row.author_id or row.author for row in train} - {None}
    authors = [row.author_id or row.author for row in rows]
    unseen_V = np.array([author is not None and author not in known for author in authors], dtype=np.bool_)
    if unseen_V.any():
        yield "author", "not in training", unseen_V


def _ranges(
    kind: str, steps: Steps, rows: Sequence[ManifestRow], range_of: Callable[[ManifestRow], str]
) -> Iterator[tuple[str, str, Mask]]:
    names = np.array([range_of(row) for row in rows])
    for name, _ in steps:
        part_V = names == name
        if part_V.any():
            yield kind, name, part_V


def _numbers(
    rows: Sequence[ManifestRow], scores_V: Floats, targets_V: Mask, threshold: float
) -> dict[str, Any]:
    reason = one_class_reason(targets_V)
    interval = None if reason else intervals(scores_V, targets_V, [row.group for row in rows])[0]
    flagged_V = scores_V >= threshold
    return {
        "positives": int(targets_V.sum()),
        "negatives": int((~targets_V).sum()),
        "auc": _auc(scores_V, targets_V),
        "auc_interval": interval,
        "recall": float(flagged_V[targets_V].mean()) if targets_V.any() else None,
        "false_alarms": float(flagged_V[~targets_V].mean()) if not targets_V.all() else None,
        "reason": reason,
    }


def _auc(scores_V: Floats, targets_V: Mask) -> float | None:
    if one_class_reason(targets_V) is not None:
        return None
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(targets_V, scores_V))


def _by_facts(train: Sequence[ManifestRow], rows: Sequence[ManifestRow]) -> Floats | None:
    targets_train = baseline.ai_gen(train)
    if one_class_reason(targets_train) is not None or not rows:
        return None
    return baseline.fact_scores(train, rows, Label.AI_GEN)
