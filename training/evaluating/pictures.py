"""An evaluation as pictures: precision over recall, how far to believe a probability, who is taken for whom.

Drawn by matplotlib without a display; on the object interface, because pyplot keeps figures alive.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cakelens.labels import GENERATORS, V5_LABELS, Label
from training.evaluate import VideoScore
from training.evaluating.metrics import one_class_reason, reliability

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIZE = (6.4, 4.8)
NONE = "none"


def draw(scores: Sequence[VideoScore], thresholds: dict[str, float | None], folder: Path) -> list[Path]:
    """Write the pictures that these videos allow, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = {
        "precision-recall.png": _precision_recall(scores),
        "reliability.png": _reliability(scores),
        "confusion.png": _confusion(scores, thresholds),
    }
    written = []
    for name, figure in figures.items():
        if figure is not None:
            figure.savefig(folder / name, dpi=120)
            written.append(folder / name)
    return written


def _precision_recall(scores: Sequence[VideoScore]) -> "Figure | None":
    """Draw a curve for each label that both classes were judged of."""
    from sklearn.metrics import precision_recall_curve

    figure, axes = _empty("Recall", "Precision")
    for label in V5_LABELS:
        scores_V, targets_V = label_scores(scores, label)
        if one_class_reason(targets_V) is None:
            precision, recall, _ = precision_recall_curve(targets_V, scores_V)
            axes.plot(recall, precision, drawstyle="steps-post", label=f"{label} ({targets_V.sum()})")
    if not axes.lines:
        return None
    axes.legend(fontsize="small", loc="lower left")
    return figure


def _reliability(scores: Sequence[VideoScore]) -> "Figure | None":
    scores_V, targets_V = label_scores(scores, Label.AI_GEN)
    if not len(scores_V):
        return None
    figure, axes = _empty("Mean probability of AI_GEN", "Share that is AI_GEN")
    axes.plot([0, 1], [0, 1], linestyle=":", color="grey")
    shares, said, was = zip(*reliability(scores_V, targets_V), strict=True)
    axes.plot(said, was, color="C0")
    axes.scatter(said, was, s=[20 + 400 * share for share in shares], color="C0")
    return figure


def _confusion(scores: Sequence[VideoScore], thresholds: dict[str, float | None]) -> "Figure | None":
    """Draw who made a video beside whom the model says; "none" for filmed videos."""
    from matplotlib.figure import Figure
    from sklearn.metrics import ConfusionMatrixDisplay

    known = [(truth, said_maker(score, thresholds)) for score in scores if (truth := true_maker(score))]
    names = sorted({name for pair in known for name in pair}, key=lambda name: (name != NONE, name))
    if len(names) < 2:
        return None
    figure = Figure(figsize=_SIZE, layout="constrained")
    truths, said = zip(*known, strict=True)
    ConfusionMatrixDisplay.from_predictions(
        truths, said, labels=names, ax=figure.add_subplot(), colorbar=False, xticks_rotation="vertical"
    )
    return figure


def true_maker(score: VideoScore) -> str | None:
    """Name the generator of a video, "none" for a filmed one, None where nobody knows."""
    if not score.row.labels[Label.AI_GEN]:
        return NONE
    return next((label.value for label in GENERATORS if score.row.labels.get(label)), None)


def said_maker(score: VideoScore, thresholds: dict[str, float | None]) -> str:
    """Name the likeliest generator, "none" where AI_GEN stays below its threshold."""
    if score.ai_gen < (thresholds.get(Label.AI_GEN) or 0.5):
        return NONE
    return max(GENERATORS, key=lambda label: score.probabilities[V5_LABELS.index(label)]).value


def label_scores(scores: Sequence[VideoScore], label: Label) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities and truths of the videos where `label` was judged."""
    judged = [score for score in scores if score.row.labels.get(label) is not None]
    place = V5_LABELS.index(label)
    return (
        np.array([score.probabilities[place] for score in judged], dtype=np.float64),
        np.array([score.row.labels[label] for score in judged], dtype=np.bool_),
    )


def _empty(x: str, y: str) -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure

    figure = Figure(
        figsize=_SIZE, layout="constrained"
    )  # saved by Agg: a Figure without pyplot has no window
    axes = figure.add_subplot(xlabel=x, ylabel=y, xlim=(0, 1.02), ylim=(0, 1.02))
    return figure, axes
