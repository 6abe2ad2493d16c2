"""What models reached on test splits, kept with the models and compared where the videos are the same.

A model's `metrics["evaluations"]` holds one entry for each batch: splits never change, but each batch's test
split is larger than the last, so scores are only compared on the same batch.
"""

from collections.abc import Iterator
from typing import Any

from django.db import transaction

from inference.models import ModelVersion, VideoScores
from training.evaluating.pairing import mirrored, paired, without_scores


def record(model: ModelVersion, batch: str, found: dict[str, Any]) -> None:
    """Keep `found` with the model, and compare it with every model that was measured on the same batch.

    `found` gets the comparisons as `paired`; the other models get theirs. What was said of single videos is
    kept in `VideoScores`.
    """
    with transaction.atomic():
        models = list(ModelVersion.objects.select_for_update().order_by("pk"))
        ours = next(one for one in models if one.pk == model.pk)
        found["paired"] = {}
        for other, pair in _pairs(ours, batch, found, models):
            found["paired"][other.slug] = pair
            other.metrics["evaluations"][batch].setdefault("paired", {})[model.slug] = mirrored(pair)
            ModelVersion.objects.filter(pk=other.pk).update(metrics=other.metrics)
        kept = without_scores(found)
        ours.metrics.setdefault("evaluations", {})[batch] = kept
        _headline(ours, batch, kept)
        ModelVersion.objects.filter(pk=model.pk).update(metrics=ours.metrics)
        scores = {"scores": found["test"]["scores"]}
        VideoScores.objects.update_or_create(model=ours, batch=batch, defaults=scores)
    model.metrics = ours.metrics


def _pairs(
    ours: ModelVersion, batch: str, found: dict[str, Any], models: list[ModelVersion]
) -> Iterator[tuple[ModelVersion, dict[str, Any]]]:
    """Yield each other model that was measured on the batch, with the comparison where there can be one."""
    scores = dict(VideoScores.objects.filter(batch=batch).values_list("model", "scores"))
    for other in models:
        theirs = other.metrics.get("evaluations", {}).get(batch)
        if other.pk == ours.pk or theirs is None or other.pk not in scores:
            continue
        limits = (_limit(found), _limit(theirs))
        if (pair := paired(found["test"]["scores"], scores[other.pk], limits)) is not None:
            yield other, pair


def _headline(model: ModelVersion, batch: str, found: dict[str, Any]) -> None:
    """Show this measurement of a model that came from elsewhere and was never measured before."""
    if "auc" in model.metrics:
        return
    ai_gen, baseline = found["test"]["labels"]["AI_GEN"], found["baseline"]
    half = ai_gen["at_half"] or {}
    model.metrics |= {
        "batch": batch,
        "num_videos": found["test"]["num_videos"],
        **{name: ai_gen[name] for name in ("auc", "auc_interval", "ap", "ap_interval")},
        **{name: half.get(name) for name in ("precision", "recall")},
        **{f"baseline_{name}": baseline[name] for name in ("auc", "auc_interval")},
        "evaluation": {name: found[name] for name in ("test", "baseline", "thresholds")},
    }


def _limit(found: dict[str, Any]) -> float:
    """Return the chosen threshold of AI_GEN, one half where none could be chosen."""
    return float(found["thresholds"].get("AI_GEN") or 0.5)
