"""Running a model over a stored video: the one place in this app that reaches torch.

Nothing here is imported by web processes; torch itself is imported when a model is first loaded.
"""

import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings
from django.db import transaction

from inference import ranking
from inference.models import FramesetScores, Mode, ModelVersion, Prediction
from inference.registry import Description
from labeling import storage
from labeling.models import Variant, Video

if TYPE_CHECKING:
    from cakelens.data_types import Verdict
    from cakelens.detect import Detector

Progress = Callable[[int, int], None]


class PredictionFailed(Exception):
    """This video cannot be judged; the message says why and what to do."""


def describe(weights: Path) -> Description:
    """Read what a weights file says of itself, after checking that it loads."""
    from cakelens.labels import V5_LABELS
    from cakelens.weights import load_model

    config = load_model(weights).config
    return Description(config.architecture, config.to_dict(), [str(x) for x in V5_LABELS], weights.suffix)


def predict(video: Video, model: ModelVersion, *, on_frameset: Progress | None = None) -> Prediction:
    """Judge `video` by `model` on its best stored variant, and serve the result.

    Raises:
        PredictionFailed: No variant is stored, its file is gone, or it does not decode.
    """
    variant = video.best_variant()
    if variant is None:
        raise PredictionFailed(f"Video {video.key} has no stored variant. Collect its post again.")
    detector = _detector(model.weights_name, model.weights_sha256)
    started = time.monotonic()
    verdict = _detect(detector, variant, on_frameset)
    return save(video, model, variant, verdict, seconds=time.monotonic() - started, device=detector.device)


def _detect(detector: "Detector", variant: Variant, on_frameset: Progress | None) -> "Verdict":
    from cakelens.errors import CakeLensError

    try:
        # Nothing of it is kept on the worker: a disk would fill, and what is purged would stay there.
        with storage.borrowed(variant.name) as path:
            return detector.detect(path, settings.SUGGESTION_FRAMESETS or "all", on_frameset=on_frameset)
    except FileNotFoundError as exc:
        raise PredictionFailed(
            f"The file {variant.name} is gone from the storage. Collect it again."
        ) from exc
    except CakeLensError as exc:
        raise PredictionFailed(str(exc)) from exc


@transaction.atomic
def save(
    video: Video, model: ModelVersion, variant: Variant, verdict: "Verdict", *, seconds: float, device: str
) -> Prediction:
    """Write a verdict with its per-frameset scores and let it be the one that is shown."""
    order = model.label_order
    values: dict[str, Any] = {
        "ai_gen": verdict.predictions[0],
        "probabilities": dict(zip(order, verdict.predictions, strict=True)),
        "standard_errors": dict(zip(order, verdict.standard_errors, strict=True)),
        "num_framesets": len(verdict.frameset_starts_seconds),
        "seconds": seconds,
        "device": device,
    }
    mode = Mode.ALL if verdict.mode == "all" else Mode.SAMPLED
    is_served = ModelVersion.objects.suggesting().filter(pk=model.pk).exists()
    if is_served:
        Prediction.objects.filter(video=video, is_served=True).update(is_served=False)
    prediction, _ = Prediction.objects.update_or_create(
        video=video, model=model, variant=variant, mode=mode, defaults=values | {"is_served": is_served}
    )
    FramesetScores.objects.update_or_create(prediction=prediction, defaults=_packed(verdict))
    ranking.rank(video, prediction)
    return prediction


def _packed(verdict: "Verdict") -> dict[str, bytes]:
    return {
        "scores_float16": verdict.frameset_scores_FL.astype(np.float16).tobytes(),
        "starts_float32": np.asarray(verdict.frameset_starts_seconds, np.float32).tobytes(),
    }


@lru_cache(maxsize=1)
def _detector(weights_name: str, weights_sha256: str) -> "Detector":
    """Load a model once; the next one takes its place."""
    from cakelens.detect import Detector
    from cakelens.weights import load_model

    path = storage.local_copy(weights_name)
    return Detector(load_model(path), device=settings.INFERENCE_DEVICE or None, precision="auto")
