"""Judge a model by whole videos, as the detector judges them.

A video's score is the mean of sigmoid over framesets sampled evenly from its largest encoding. A label that
was not judged on a video takes no part in that label's numbers. Shapes: V videos, L = 17 labels.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cakelens.decoding import UnreadableVideo
from cakelens.detect import Detector
from cakelens.labels import V5_LABELS, Label
from training.batches.rows import ManifestRow
from training.dataset import Unreadable
from training.evaluating.baseline import metadata_baseline
from training.evaluating.metrics import choose_threshold, label_metrics
from training.evaluating.slices import slices


@dataclass(frozen=True, slots=True)
class VideoScore:
    """One video with a probability per label."""

    row: ManifestRow
    probabilities: tuple[float, ...]

    @property
    def ai_gen(self) -> float:
        return self.probabilities[V5_LABELS.index(Label.AI_GEN)]


def score_videos(
    detector: Detector, rows: Iterable[ManifestRow], media_dir: Path, *, framesets: int
) -> Iterator[VideoScore | Unreadable]:
    """Yield the score of each video, or why there is none."""
    for row in rows:
        path = media_dir / row.best_variant.name
        try:
            verdict = detector.detect(path, framesets=framesets)
        except UnreadableVideo as exc:
            yield Unreadable(row.video, str(exc))
        else:
            yield VideoScore(row, tuple(verdict.predictions))


def evaluate(scores: Sequence[VideoScore], thresholds: dict[str, float | None]) -> dict[str, Any]:
    """Give the numbers of a split per label, and their plain means over the labels that have them.

    `thresholds` come from `thresholds_of` on the validation split. The result is plain JSON.
    """
    labels = {label.value: _label(scores, label, thresholds.get(label.value)) for label in V5_LABELS}
    return {
        "num_videos": len(scores),
        "num_groups": len({score.row.group for score in scores}),
        "labels": labels,
        "macro": _macro(labels),
    }


def detailed(
    scores: Sequence[VideoScore], thresholds: dict[str, float | None], train: Sequence[ManifestRow]
) -> dict[str, Any]:
    """Give `evaluate` with what metadata alone reaches beside each label, and the numbers of each part.

    Also `scores`: per video AI_GEN's probability, whether it is so, and the group, for a paired test.
    """
    report = evaluate(scores, thresholds)
    rows = [score.row for score in scores]
    for name, numbers in report["labels"].items():
        if numbers["reason"] is None:
            beside = metadata_baseline(train, rows, Label(name))
            numbers |= {
                "baseline_auc": beside["auc"],
                "baseline_auc_interval": beside["auc_interval"],
            }
    threshold = thresholds.get(Label.AI_GEN) or 0.5
    ai_gen_V = np.array([score.ai_gen for score in scores], dtype=np.float64)
    return report | {
        "slices": slices(rows, ai_gen_V, train, threshold) if scores else [],
        "scores": {
            score.row.video: [round(score.ai_gen, 6), bool(score.row.labels[Label.AI_GEN]), score.row.group]
            for score in scores
        },
    }


def thresholds_of(scores: Sequence[VideoScore]) -> dict[str, float | None]:
    """Choose each label's threshold, None where these videos cannot tell."""
    return {label.value: choose_threshold(*_judged(scores, label)[:2]) for label in V5_LABELS}


def video_loss(scores: Sequence[VideoScore]) -> float | None:
    """Give the mean cross-entropy of the videos' probabilities over judged labels; None for no videos."""
    losses = [
        -float(np.log(max(probability if target else 1 - probability, 1e-7)))
        for score in scores
        for probability, target in zip(score.probabilities, score.row.targets, strict=True)
        if target is not None
    ]
    return sum(losses) / len(losses) if losses else None


def ai_gen_auc(scores: Sequence[VideoScore]) -> float | None:
    """Give the AUC of AI_GEN, None where one class is all."""
    from sklearn.metrics import roc_auc_score

    scores_V, targets_V, _ = _judged(scores, Label.AI_GEN)
    if not targets_V.any() or targets_V.all():
        return None
    return float(roc_auc_score(targets_V, scores_V))


def _label(scores: Sequence[VideoScore], label: Label, threshold: float | None) -> dict[str, Any]:
    scores_V, targets_V, groups = _judged(scores, label)
    num_unjudged = len(scores) - len(groups)
    return label_metrics(scores_V, targets_V, groups, threshold=threshold, num_unjudged=num_unjudged)


def _judged(
    scores: Sequence[VideoScore], label: Label
) -> tuple[NDArray[np.float64], NDArray[np.bool_], list[str]]:
    judged = [score for score in scores if score.row.labels.get(label) is not None]
    position = V5_LABELS.index(label)
    return (
        np.array([score.probabilities[position] for score in judged], dtype=np.float64),
        np.array([score.row.labels[label] for score in judged], dtype=np.bool_),
        [score.row.group for score in judged],
    )


def _macro(labels: dict[str, dict[str, Any]]) -> dict[str, Any]:
    measured = {name: numbers for name, numbers in labels.items() if numbers["reason"] is None}
    halves = [numbers["at_half"] for numbers in measured.values()]
    return {
        "labels": list(measured),
        "auc": _mean([numbers["auc"] for numbers in measured.values()]),
        "ap": _mean([numbers["ap"] for numbers in measured.values()]),
        "precision": _mean([half["precision"] for half in halves]),
        "recall": _mean([half["recall"] for half in halves]),
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
