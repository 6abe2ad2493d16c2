"""How well single facts about files tell AI_GEN, without scikit-learn: exporting machines may have none.

A fact's values are put into bins, each bin is scored by its share of AI-generated videos among the other
folds, and the AUC is that of those scores. Bins rather than the fact's rank: "exactly 80 frames" gives a
video away as well as "many frames". Folds are of whole groups: a video's twin must not answer for it.
Shapes: V videos, B bins.
"""

import zlib
from array import array
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cakelens.labels import Label
from training.batches.rows import ManifestRow
from training.evaluating.baseline import ai_gen, facts

TELLING_AUC = 0.7
"""From here on a fact about the file tells the classes apart so well that a model may learn it instead."""
CHANCE_SIGMAS = 2.6
"""Standard errors above one half. Measured: a random fact is called telling in 0.8% of batches of 16 videos
at most, in 0.5% of 32, in 0.03% of 200."""

FOLDS = 5
MOST_BINS = 32
VIDEOS_A_BIN = 10

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


class Confounds:
    """Collects the facts of rows that stream by, 8 bytes each; a word is a number of its own."""

    def __init__(self) -> None:
        self._columns: dict[str, array[float]] = {}
        self._words: dict[str, float] = {}
        self._targets = array("b")
        self._folds = array("b")

    def add(self, row: ManifestRow) -> None:
        for name, value in facts(row).items():
            number = self._words.setdefault(value, len(self._words)) if isinstance(value, str) else value
            self._columns.setdefault(name, array("d")).append(number)
        self._targets.append(bool(row.labels[Label.AI_GEN]))
        self._folds.append(zlib.crc32(row.group.encode()) % FOLDS)

    def aucs(self) -> dict[str, float]:
        """Give the AUC of each fact, the most telling first; nothing where one class is all."""
        targets_V, folds_V = np.array(self._targets, np.bool_), np.array(self._folds)
        if targets_V.all() or not targets_V.any():
            return {}
        found = {
            name: round(fact_auc(np.array(values), targets_V, folds_V), 4)
            for name, values in self._columns.items()
        }
        return dict(sorted(found.items(), key=lambda item: -item[1]))


def fact_aucs(rows: Sequence[ManifestRow]) -> dict[str, float]:
    """Give the AUC of each fact over rows that are all here, the most telling first."""
    found = Confounds()
    for row in rows:
        found.add(row)
    return found.aucs()


def telling(aucs: Mapping[str, float], rows: Sequence[ManifestRow]) -> dict[str, float]:
    """Keep of `fact_aucs(rows)` those that chance does not explain."""
    targets_V = ai_gen(rows)
    least = least_telling(int(targets_V.sum()), int((~targets_V).sum()))
    return {name: auc for name, auc in aucs.items() if auc > least}


def least_telling(positives: int, negatives: int) -> float:
    """Give the AUC that chance does not explain, TELLING_AUC at least: in a small batch anything tells."""
    return max(TELLING_AUC, 0.5 + CHANCE_SIGMAS * chance_error(positives, negatives))


def fact_auc(values_V: Floats, targets_V: Bools, folds_V: Ints) -> float:
    """Give the AUC of one fact for the targets, each video scored by the folds it is not in."""
    bins_V = _bins(values_V)
    scores_V = np.zeros(len(values_V))
    for fold in range(FOLDS):
        unseen_V = folds_V == fold
        if unseen_V.any() and not unseen_V.all():
            scores_B = _shares(bins_V[~unseen_V], targets_V[~unseen_V], int(bins_V.max()) + 1)
            scores_V[unseen_V] = scores_B[bins_V[unseen_V]]
    return rank_auc(scores_V, targets_V)


def rank_auc(scores_V: Floats, targets_V: Bools) -> float:
    """Give the chance that a positive scores above a negative, ties counting half.

    Source: Mann and Whitney, 1947.
    """
    _, places_V, counts = np.unique(scores_V, return_inverse=True, return_counts=True)
    ranks_V = (np.cumsum(counts) - (counts - 1) / 2)[places_V]
    positives = int(targets_V.sum())
    negatives = len(targets_V) - positives
    above = ranks_V[targets_V].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def chance_error(positives: int, negatives: int) -> float:
    """Give the standard error of an AUC of one half. Source: Mann and Whitney, 1947."""
    return float(np.sqrt((positives + negatives + 1) / (12 * max(positives * negatives, 1))))


def _bins(values_V: Floats) -> Ints:
    """Number the bins: one for each value, or as many quantiles as the videos can fill."""
    most = int(np.clip(len(values_V) // VIDEOS_A_BIN, 4, MOST_BINS))
    distinct, bins_V = np.unique(values_V, return_inverse=True)
    if len(distinct) <= most:
        return bins_V
    edges = np.unique(np.quantile(values_V, np.linspace(0, 1, most + 1)[1:-1]))
    return np.searchsorted(edges, values_V, side="right")


def _shares(bins_V: Ints, targets_V: Bools, num_bins: int) -> Floats:
    """Give each bin's share of positives over the whole's, drawn to it as if by one more video.

    Over the whole's: folds differ in it, and their scores are pooled.
    """
    share = targets_V.mean()
    positives_B = np.bincount(bins_V, weights=targets_V, minlength=num_bins)
    counts_B = np.bincount(bins_V, minlength=num_bins)
    # Rounded: what differs in the last bit alone is a tie.
    scores_B: Floats = np.round((positives_B + share) / (counts_B + 1) - share, 9)
    return scores_B
