"""Model versions: taken in, promoted, and the work a promotion starts."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from inference.models import ModelVersion, PredictJob
from labeling import storage
from labeling.models import Video

JOBS_AT_ONCE = 1000


class RegistryError(Exception):
    """A model cannot be taken in or promoted; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a weights file says of itself."""

    architecture: str
    config: dict[str, Any]
    label_order: list[str]
    suffix: str = ".safetensors"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the weights come from. Weights that nobody trained never suggest."""

    is_trained: bool = True
    batch_digest: str = ""
    learned_labels: list[str] = field(default_factory=list)
    metrics: dict[str, Any] = field(default_factory=dict)


def register(slug: str, weights: Path, described: Description, origin: Origin) -> ModelVersion:
    """Store `weights` and add them as model version `slug`.

    Raises:
        RegistryError: The slug is taken. Nothing was written.
    """
    if ModelVersion.objects.filter(slug=slug).exists():
        raise RegistryError(f"There is a model {slug} already. Choose another slug.")
    stored = storage.store_file(weights, described.suffix, folder="models")
    return ModelVersion.objects.create(
        slug=slug,
        architecture=described.architecture,
        config=described.config,
        label_order=described.label_order,
        weights_name=stored.name,
        weights_sha256=stored.sha256,
        batch_digest=origin.batch_digest,
        metrics=origin.metrics,
        learned_labels=origin.learned_labels,
        is_trained=origin.is_trained,
    )


def promote(slug: str) -> int:
    """Let model `slug` suggest from now on; return how many videos it is to judge.

    Suggestions of the model before it stay visible until each video has its new one.

    Raises:
        RegistryError: There is no such model, or nobody trained it.
    """
    model = ModelVersion.objects.filter(slug=slug).first()
    if model is None:
        known = ", ".join(ModelVersion.objects.values_list("slug", flat=True)[:5]) or "none yet"
        raise RegistryError(f"There is no model {slug}. Known models: {known}.")
    if not model.is_trained:
        raise RegistryError(f"Model {slug} is untrained: it would suggest noise. Train it first.")
    model.promote()
    return queue_pending()


def queue_pending() -> int:
    """Queue a prediction for every ready video that the current model was not yet asked about.

    Safe to run at any time and twice at once. Returns how many jobs are new.
    """
    model = ModelVersion.objects.suggesting().first()
    if model is None:
        return 0
    total = 0
    while created := _queue_some(model):
        total += created
    return total


def _queue_some(model: ModelVersion) -> int:
    asked = PredictJob.objects.filter(video=OuterRef("pk"), model=model)
    videos = Video.objects.ready().filter(~Exists(asked)).order_by("-priority")[:JOBS_AT_ONCE]
    now = timezone.now()
    with transaction.atomic():
        jobs = PredictJob.objects.bulk_create(
            [PredictJob(video=video, model=model, next_try_at=now) for video in videos], ignore_conflicts=True
        )
    return len(jobs)
