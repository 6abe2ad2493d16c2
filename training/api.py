"""The API of training batches: which there are, and their manifests, byte for byte."""

from datetime import datetime
from typing import Self

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from ninja import Router, Schema
from pydantic import Field

from labeling.api_auth import may
from labeling.api_errors import Refusal
from training import views
from training.models import TrainingBatch

router = Router(tags=["batches"])


class BatchOut(Schema):
    """An immutable snapshot of labeled videos."""

    slug: str
    digest: str = Field(description="sha256 of the canonical sorted rows, not of the file's bytes.")
    train: int
    validation: int
    test: int
    labels: dict[str, dict[str, list[int]]] = Field(
        description="{label: {split: [positive, negative, not judged]}}"
    )
    exported_at: datetime | None
    manifest: str = Field(description="Where its Parquet file is. The same token opens it.")

    @classmethod
    def of(cls, batch: TrainingBatch, request: HttpRequest) -> Self:
        return cls(
            slug=batch.slug,
            digest=batch.digest,
            train=batch.num_train,
            validation=batch.num_validation,
            test=batch.num_test,
            labels=batch.label_counts,
            exported_at=batch.exported_at,
            manifest=request.build_absolute_uri(reverse("api:batch-manifest", args=[batch.slug])),
        )


@router.get("/batches", response=list[BatchOut])
def batch_list(request: HttpRequest) -> list[BatchOut]:
    """List the exported batches, newest first."""
    return [BatchOut.of(batch, request) for batch in TrainingBatch.objects.exported()]


@router.get(
    "/batches/{slug}/manifest",
    response={403: Refusal, 404: Refusal},
    url_name="batch-manifest",
    summary="Manifest",
)
@may("training.export_batch", to="export batches")
def batch_manifest(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send a batch's manifest, a Parquet file."""
    return views.manifest(request, slug)
