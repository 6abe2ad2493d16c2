"""The API of training batches: which there are, and their manifests, byte for byte."""

from datetime import datetime
from typing import Annotated, Self

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import Field, StringConstraints

from labeling import storage
from labeling.api_auth import may
from labeling.api_errors import Refusal
from labeling.models import Variant
from training import views
from training.batches import sidecars, withdrawing
from training.batches.addressed import batch_or_404
from training.models import BatchItem, TrainingBatch

router = Router(tags=["batches"])

MOST_FILES = 1000


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
    response={403: Refusal, 404: Refusal, 503: Refusal},
    url_name="batch-manifest",
    summary="Manifest",
)
@may("training.export_batch", to="export batches")
def batch_manifest(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send a batch's manifest, a Parquet file."""
    try:
        return views.file_of(slug, sidecars.MANIFEST)
    except storage.BucketError as exc:
        raise HttpError(503, sidecars.no_answer(exc)) from exc


class WithdrawnOut(Schema):
    """Videos of a batch that were taken back since: whoever trains on it skips them."""

    videos: list[str] = Field(description="Their keys, as the manifest has them.")


Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class FilesIn(Schema):
    sha256: list[Sha256] = Field(max_length=MOST_FILES, description="Hashes that the batch's manifest names.")


class FileOut(Schema):
    sha256: str
    url: str = Field(
        description="Where the bytes are, with ranges: here, with the same token, or presigned in the bucket."
    )


class FilesOut(Schema):
    files: list[FileOut] = Field(description="Those that are stored; a withdrawn video's are not named.")


@router.get("/batches/{slug}/withdrawn", response={200: WithdrawnOut, 403: Refusal, 404: Refusal})
@may("training.export_batch", to="export batches")
def batch_withdrawn(request: HttpRequest, slug: str) -> WithdrawnOut:
    """List the videos of a batch that were withdrawn since."""
    return WithdrawnOut(videos=withdrawing.withdrawn_keys(batch_or_404(slug=slug)))


@router.post("/batches/{slug}/files", response={200: FilesOut, 403: Refusal, 404: Refusal})
@may("training.export_batch", to="export batches")
def batch_files(request: HttpRequest, slug: str, body: FilesIn) -> FilesOut:
    """Say where files of a batch are, by their hashes."""
    videos = BatchItem.objects.filter(batch=batch_or_404(slug=slug)).values("settlement__video")
    stored = Variant.objects.stored().filter(sha256__in=body.sha256, video__is_withdrawn=False)
    names = dict(stored.filter(video__in=videos).values_list("sha256", "name"))
    return FilesOut(files=[FileOut(sha256=sha256, url=_url(request, name)) for sha256, name in names.items()])


def _url(request: HttpRequest, name: str) -> str:
    """Return an address that needs no more than the question did."""
    return request.build_absolute_uri(storage.file_url(name))
