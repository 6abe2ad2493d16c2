"""What goes over the wire: the shapes that /api/docs shows."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.http import HttpRequest
from ninja import Schema
from pydantic import Field, StrictBool

from cakelens.labels import Label
from labeling import storage
from labeling.answering import Answer, EvidenceItem
from labeling.models import Annotation, EvidenceKind, Post, Slot, Variant, Video
from labeling.suggesting import Shown

Labels = dict[Label, StrictBool | None]


def absolute(request: HttpRequest, url: str) -> str:
    """Return an address that works outside our pages; empty stays empty."""
    return request.build_absolute_uri(url) if url else ""


class VariantOut(Schema):
    """One stored encoding of a video."""

    url: str = Field(description="With byte ranges. The same token opens it.")
    width: int
    height: int

    @classmethod
    def of(cls, variant: Variant, request: HttpRequest) -> Self:
        url = absolute(request, storage.file_url(variant.name))
        return cls(url=url, width=variant.width or 0, height=variant.height or 0)


class PostOut(Schema):
    id: int
    x_id: str = Field(description="X's id, or import:<sha256> for an imported file.")
    url: str = Field(description="On X; empty for an imported file.")
    author: str
    text: str
    language: str
    posted_at: datetime | None
    is_sensitive: bool

    @classmethod
    def of(cls, post: Post, **more: Any) -> Self:
        return cls(
            id=post.pk,
            x_id=post.x_id,
            url=post.url,
            author=post.author_handle,
            text=post.text,
            language=post.language,
            posted_at=post.posted_at,
            is_sensitive=post.is_sensitive,
            **more,
        )


class VideoOut(Schema):
    """One video, the unit people label; `variants` has the largest first."""

    id: int
    key: str = Field(description="<post id>/<index>: stable everywhere.")
    duration_seconds: float | None
    poster: str
    variants: list[VariantOut]

    @classmethod
    def of(cls, video: Video, variants: list[Variant], request: HttpRequest, **more: Any) -> Self:
        poster = storage.file_url(video.poster_name) if video.poster_name else ""
        return cls(
            id=video.pk,
            key=video.key,
            duration_seconds=video.duration_seconds,
            poster=absolute(request, poster),
            variants=[VariantOut.of(variant, request) for variant in variants],
            **more,
        )


class ClaimedVideo(VideoOut):
    post: PostOut


class SuggestionOut(Schema):
    label: Label
    probability: float
    model: str


class ClaimOut(Schema):
    """A video that is the caller's until `expires_at`. A blind video comes without suggestions."""

    claim: UUID | None
    expires_at: datetime | None
    video: ClaimedVideo
    suggestions: list[SuggestionOut]

    @classmethod
    def of(cls, slot: Slot, shown: Shown | None, request: HttpRequest) -> Self:
        variants = slot.video.stored_variants  # type: ignore[attr-defined]
        video = ClaimedVideo.of(slot.video, variants, request, post=PostOut.of(slot.video.post))
        return cls(
            claim=slot.claim, expires_at=slot.lease_until, video=video, suggestions=_suggestions(shown)
        )


def _suggestions(shown: Shown | None) -> list[SuggestionOut]:
    if shown is None:
        return []
    return [
        SuggestionOut(label=each.label, probability=each.probability, model=shown.model_slug)
        for each in shown.suggestions
    ]


class Heartbeat(Schema):
    claim: UUID
    expires_at: datetime | None


class Released(Schema):
    claim: UUID


class EvidenceIn(Schema):
    """Why labels are on."""

    labels: list[Label] = Field([], description="What it speaks for; empty: AI_GEN and every generator on.")
    kind: EvidenceKind
    quote: str = ""
    at: float | None = Field(None, description="Where in the clip it can be seen, seconds.")


class AnswerIn(Schema):
    """A judgement. AI_GEN must be true or false; a label left out, or null, is not judged.

    AI_GEN and each generator that is true need evidence.
    """

    claim: UUID
    labels: Labels
    evidence: list[EvidenceIn] = Field([], max_length=50)
    note: str = ""
    seconds: float | None = Field(None, description="Time on screen, idle time left out.")
    question: str = Field("", description="What a reviewer is asked.")

    def answer(self) -> Answer:
        """Return what was judged.

        Raises:
            InvalidAnswer: It breaks a rule.
        """
        evidence = [EvidenceItem(item.labels, item.kind, item.quote, item.at) for item in self.evidence]
        return Answer(self.labels, evidence, self.note, self.seconds, self.question)


class AnnotationOut(Schema):
    id: int
    video: int
    labels: dict[Label, bool | None]
    created_at: datetime

    @classmethod
    def of(cls, annotation: Annotation) -> Self:
        return cls(
            id=annotation.pk,
            video=annotation.video_id,
            labels=annotation.labels(),
            created_at=annotation.created_at,
        )


class LabelProbability(Schema):
    label: Label
    probability: float
    standard_error: float


class PredictionOut(Schema):
    """What one model says of a video."""

    model: str
    mode: str = Field(description="sampled or all framesets")
    num_framesets: int
    is_served: bool
    created_at: datetime
    labels: list[LabelProbability]

    @classmethod
    def of(cls, prediction: Any) -> Self:
        return cls(
            model=prediction.model.slug,
            mode=prediction.mode,
            num_framesets=prediction.num_framesets,
            is_served=prediction.is_served,
            created_at=prediction.created_at,
            labels=[LabelProbability(**each._asdict()) for each in prediction.suggestions()],
        )
