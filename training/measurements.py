"""What models reached on test splits, kept with the models and compared where the videos are the same.

A model's `metrics["evaluations"]` holds one entry for each batch: splits never change, but each batch's test
split is larger than the last, so scores are only compared on the same batch.
"""

from typing import Any

from django.db import transaction

from inference.models import ModelVersion
from training.pairing import mirrored, paired


def record(model: ModelVersion, batch: str, found: dict[str, Any]) -> None:
    """Keep `found` with the model, and compare it with every model that was measured on the same batch.

    `found` gets the comparisons as `paired`; the other models get theirs.
    """
    with transaction.atomic():
        others = list(ModelVersion.objects.select_for_update().order_by("pk"))
        ours = next(one for one in others if one.pk == model.pk)
        found["paired"] = {}
        for other in others:
            theirs = other.metrics.get("evaluations", {}).get(batch)
            if other.pk == model.pk or theirs is None:
                continue
            pair = paired(found["test"]["scores"], theirs["test"]["scores"], (_limit(found), _limit(theirs)))
            if pair is not None:
                found["paired"][other.slug] = pair
                theirs.setdefault("paired", {})[model.slug] = mirrored(pair)
                ModelVersion.objects.filter(pk=other.pk).update(metrics=other.metrics)
        ours.metrics.setdefault("evaluations", {})[batch] = found
        _headline(ours, batch, found)
        ModelVersion.objects.filter(pk=model.pk).update(metrics=ours.metrics)
    model.metrics = ours.metrics


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
