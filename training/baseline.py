"""How far facts about the file alone tell generated videos from others: what any score stands beside.

A model can only be said to see generation where it beats a classifier that never saw a picture. Loads
neither torch nor Django.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cakelens.labels import Label
from training.metrics import intervals, one_class_reason
from training.rows import ManifestRow

WINDOW = 512
"""The published model's window: how much of it a video leaves empty is a fact about the file."""

NOTEWORTHY_AUC = 0.7
CHANCE_SIGMAS = 2.6
"""Standard errors above one half. Measured: a random fact raises an alarm on 0.7% of batches of 32 videos."""

_FOLDS = 5
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


def confounds(rows: Sequence[ManifestRow]) -> dict[str, float]:
    """Give the facts that alone predict AI_GEN better than chance allows, and their AUC, strongest first."""
    return telling(fact_aucs(rows), rows)


def telling(aucs: Mapping[str, float], rows: Sequence[ManifestRow]) -> dict[str, float]:
    """Keep of `fact_aucs(rows)` those that chance does not explain, strongest first."""
    least = max(NOTEWORTHY_AUC, 0.5 + CHANCE_SIGMAS * _chance_error(ai_gen(rows)))
    strongest_first = sorted(aucs.items(), key=lambda item: -item[1])
    return {name: auc for name, auc in strongest_first if auc > least}


def fact_aucs(rows: Sequence[ManifestRow]) -> dict[str, float]:
    """Give for each fact the AUC of a small tree on that fact, on videos whose groups it has not seen.

    A tree rather than the fact's rank: "exactly 80 frames" gives a video away as well as "many frames".
    Empty where one class has fewer than two groups.
    """
    from sklearn.metrics import roc_auc_score

    targets_V, groups = ai_gen(rows), [row.group for row in rows]
    folds = _folds(targets_V, groups)
    if folds < 2:
        return {}
    table = [facts(row) for row in rows]
    aucs = {}
    for name in table[0]:
        columns = np.column_stack(list(_columns(name, [values[name] for values in table]).values()))
        aucs[name] = float(roc_auc_score(targets_V, _unseen_scores(columns, targets_V, groups, folds)))
    return aucs


def ai_gen(rows: Sequence[ManifestRow]) -> NDArray[np.bool_]:
    return targets(rows, Label.AI_GEN)


def targets(rows: Sequence[ManifestRow], label: Label) -> NDArray[np.bool_]:
    return np.array([row.labels[label] for row in rows], dtype=np.bool_)


def judged(rows: Sequence[ManifestRow], label: Label) -> list[ManifestRow]:
    return [row for row in rows if row.labels.get(label) is not None]


def _unseen_scores(
    columns: NDArray[np.float64], targets_V: NDArray[np.bool_], groups: Sequence[str], folds: int
) -> NDArray[np.float64]:
    """Score each video by a tree that was fitted without its fold."""
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.tree import DecisionTreeClassifier

    scores_V = np.zeros(len(targets_V))
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=_SEED)
    for fitted, unseen in splitter.split(columns, targets_V, groups):
        tree = DecisionTreeClassifier(max_depth=3, min_samples_leaf=2, random_state=_SEED)
        tree.fit(columns[fitted], targets_V[fitted])
        share = targets_V[fitted].mean()
        # Against the share it was fitted on: folds differ in it, and their scores are pooled.
        scores_V[unseen] = tree.predict_proba(columns[unseen])[:, -1] - share
    return scores_V


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


def _folds(targets_V: NDArray[np.bool_], groups: Sequence[str]) -> int:
    """Give as many folds as the rarer class has groups, five at most."""
    members = [
        {group for group, target in zip(groups, targets_V, strict=True) if target == wanted}
        for wanted in (False, True)
    ]
    return min(_FOLDS, *map(len, members))


def _chance_error(targets_V: NDArray[np.bool_]) -> float:
    """Give the standard error of an AUC of one half. Source: Mann and Whitney, 1947."""
    positives, negatives = int(targets_V.sum()), int((~targets_V).sum())
    return float(np.sqrt((positives + negatives + 1) / (12 * max(positives * negatives, 1))))
