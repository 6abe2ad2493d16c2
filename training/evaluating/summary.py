"""What is told of a run: the few numbers of a table, and the metrics kept with the model."""

from typing import Any

from training.evaluating.pairing import without_scores
from training.learning.outcome import TrainResult


def model_metrics(result: TrainResult, *, batch: str) -> dict[str, Any]:
    """Return the metrics of a model version: the test split's headline, and the whole result."""
    return {
        "batch": batch,
        "num_videos": result.test["num_videos"],
        **headline(result),
        "auc_interval": result.ai_gen["auc_interval"],
        "ap_interval": result.ai_gen["ap_interval"],
        "baseline_auc_interval": result.baseline["auc_interval"],
        "evaluation": without_scores(result.to_dict()),
    }


def measurement(result: TrainResult, *, framesets: int) -> dict[str, Any]:
    """Return what a run measured on the test split in the form of `manage.py evaluate`."""
    return {
        "thresholds": result.thresholds,
        "test": result.test,
        "baseline": result.baseline,
        "framesets": framesets,
    }


def headline(result: TrainResult) -> dict[str, float | None]:
    """Return AI_GEN on the test split, beside what metadata alone could tell; None where one class is all."""
    at_half = result.ai_gen["at_half"] or {}
    return {
        "auc": result.ai_gen["auc"],
        "baseline_auc": result.baseline["auc"],
        "ap": result.ai_gen["ap"],
        "precision": at_half.get("precision"),
        "recall": at_half.get("recall"),
    }
