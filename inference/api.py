"""The API of models."""

from datetime import datetime
from typing import Any, Self

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from inference.models import ModelVersion

router = Router(tags=["models"])


class ModelOut(Schema):
    """A model version. One at most is current: its suggestions are shown."""

    slug: str
    architecture: str
    is_current: bool
    is_trained: bool
    weights_sha256: str
    batch_digest: str = Field(description="Of the batch it was trained on; empty: not ours.")
    metrics: dict[str, Any]
    created_at: datetime
    promoted_at: datetime | None

    @classmethod
    def of(cls, model: ModelVersion) -> Self:
        return cls(**{name: getattr(model, name) for name in cls.model_fields})


@router.get("/models", response=list[ModelOut])
def model_list(request: HttpRequest) -> list[ModelOut]:
    """List the models, newest first."""
    return [ModelOut.of(model) for model in ModelVersion.objects.all()]
