"""How far facts about the file alone tell generated videos from others: what any score stands beside.

A model can only be said to see generation where it beats a classifier that never saw a picture. Loads
neither torch nor Django.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cakelens.labels import Label
from training.batches.rows import ManifestRow
from training.evaluating.metrics import intervals, one_class_reason

WINDOW = 512
"""The published model's window: how much of it a video leaves empty is a fact about the file."""

_SEED = 0


def facts(row: ManifestRow) -> dict[str, float | str]:
    """Give what is known of a video without looking at its pictures."""
    variant = row.best_variant
    pixels = variant.width * variant.height
    covered = min(variant.width, WINDOW) * min(variant.height, WINDOW)
    return {
        "width": variant.width,
        "height": variant.height,
        "pixels": pixels,
        "aspect": variant.width / variant.height,
        "padding": 1 - covered / WINDOW**2,
        "fps": variant.fps,
        "duration_seconds": variant.duration_seconds,
        "num_frames": variant.num_frames,
        "num_bytes": variant.num_bytes,
        "bit_rate_bps": variant.bit_rate_bps,
        "bits_per_pixel": variant.num_bytes * 8 / (pixels * variant.num_frames),
        "num_variants": len(row.variants),
        "codec": variant.codec,
        "kind": row.kind,
    }


def metadata_baseline(
    train: Sequence[ManifestRow], test: Sequence[ManifestRow], label: Label = Label.AI_GEN
) -> dict[str, Any]:
    """Fit a forest on the facts of `train` and score `label` on `test`, where it was judged; plain JSON.

    `auc` is None, and `reason` says why, where a split has one class only.
    """
    train, test = judged(train, label), judged(test, label)
    targets_train, targets_test = targets(train, label), targets(test, label)
    reasons = {"training": one_class_reason(targets_train), "test": one_class_reason(targets_test)}
    for split, reason in reasons.items():
        if reason is not None:
            return {"auc": None, "auc_interval": None, "reason": f"{label} in the {split} split: {reason}"}
    from sklearn.metrics import roc_auc_score

    scores_V = fact_scores(train, test, label)
    auc_interval, _ = intervals(scores_V, targets_test, [row.group for row in test])
    auc = float(roc_auc_score(targets_test, scores_V))
    return {"auc": auc, "auc_interval": auc_interval, "reason": None}


def fact_scores(
    train: Sequence[ManifestRow], test: Sequence[ManifestRow], label: Label = Label.AI_GEN
) -> NDArray[np.float64]:
    """Score each video of `test` by a forest on the facts of `train`, which holds both classes."""
    matrix = np.column_stack(list(_table([*train, *test]).values()))
    forest = _forest().fit(matrix[: len(train)], targets(train, label))
    scores_V: NDArray[np.float64] = forest.predict_proba(matrix[len(train) :])[:, 1]
    return scores_V


def ai_gen(rows: Sequence[ManifestRow]) -> NDArray[np.bool_]:
    return targets(rows, Label.AI_GEN)


def targets(rows: Sequence[ManifestRow], label: Label) -> NDArray[np.bool_]:
    return np.array([row.labels[label] for row in rows], dtype=np.bool_)


def judged(rows: Sequence[ManifestRow], label: Label) -> list[ManifestRow]:
    return [row for row in rows if row.labels.get(label) is not None]


def _forest() -> Any:
    """Give a classifier that takes any scale and any shape of dependence, on few rows as on many."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=300, min_samples_leaf=2, random_state=_SEED)


def _table(rows: Sequence[ManifestRow]) -> dict[str, NDArray[np.float64]]:
    known = [facts(row) for row in rows]
    columns: dict[str, NDArray[np.float64]] = {}
    for name in known[0]:
        columns |= _columns(name, [values[name] for values in known])
    return columns


def _columns(name: str, values: Sequence[float | str]) -> Mapping[str, NDArray[np.float64]]:
    """Give a number as it is, and a word as one column per word."""
    if not isinstance(values[0], str):
        return {name: np.array(values, dtype=np.float64)}
    words = sorted({str(value) for value in values})
    return {f"{name}={word}": np.array([value == word for value in values], np.float64) for word in words}
