"""The API of labeling: claim a video, keep or release it, answer it, see what models say of it."""

from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import HeaderEx, P, Router
from ninja.errors import AuthorizationError
from ninja.responses import Status

from labeling import answering, queue
from labeling.api_auth import may
from labeling.api_errors import Refusal
from labeling.api_schemas import AnnotationOut, AnswerIn, ClaimOut, Heartbeat, PredictionOut, Released
from labeling.idempotency import MAX_KEY, Reply, once
from labeling.models import Video
from labeling.suggesting import suggestions_for
from labeling.video_page import VideoPage

router = Router(tags=["labeling"])
may_label = may("labeling.label_video", to="label videos")

BLIND = (
    "This video is labeled blind: until it is settled, and a day after your own answer, only reviewers see "
    "what models say of it."
)


@router.post("/queue/claim", response={200: ClaimOut, 204: None, 403: Refusal})
@may_label
def claim(request: HttpRequest) -> Status[ClaimOut | None]:
    """Take the best free video, or get the one you hold. 204: there is none for you now."""
    slots = queue.claim(request.user)
    if not slots:
        return Status(204, None)
    return Status(200, ClaimOut.of(slots[0], suggestions_for(slots[0]), request))


@router.post("/claims/{uuid:claim}/heartbeat", response={200: Heartbeat, 409: Refusal})
@may_label
def heartbeat(request: HttpRequest, claim: UUID) -> Heartbeat:
    """Keep a claim for another quarter of an hour. 409: somebody else has the video."""
    slot = queue.heartbeat(request.user, claim)
    return Heartbeat(claim=claim, expires_at=slot.lease_until)


@router.post("/claims/{uuid:claim}/release", response={200: Released, 409: Refusal})
@may_label
def release(request: HttpRequest, claim: UUID) -> Released:
    """Give a video back unanswered."""
    queue.release(request.user, claim)
    return Released(claim=claim)


@router.post(
    "/videos/{int:video_id}/annotations",
    response={201: AnnotationOut, 409: Refusal, 422: Refusal},
    summary="Answer",
)
@may_label
def annotate(
    request: HttpRequest,
    video_id: int,
    body: AnswerIn,
    idempotency_key: HeaderEx[
        str, P(max_length=MAX_KEY, description="Sent again, the same key gets the same reply.")
    ] = "",
) -> Status[dict[str, object]]:
    """Answer a claimed video. 409: somebody else has it. 422: the answer breaks a rule."""

    def submit() -> Reply:
        return _submit(request, video_id, body)

    if not idempotency_key:
        reply = submit()
    else:
        meaning = f"{request.path} {body.model_dump_json()}"
        reply = once(request.user, idempotency_key, meaning, submit)
    return Status(reply.status, reply.body)


def _submit(request: HttpRequest, video_id: int, body: AnswerIn) -> Reply:
    answer = body.answer()
    annotation = answering.submit(request.user, body.claim, answer, video_id=video_id)
    return Reply(201, AnnotationOut.of(annotation).model_dump(mode="json"))


@router.get("/videos/{int:video_id}/predictions", response={200: list[PredictionOut], 403: Refusal})
def predictions(request: HttpRequest, video_id: int) -> list[PredictionOut]:
    """What each model says of a video; the one that is served first, then the newest."""
    video = get_object_or_404(Video, pk=video_id)
    if not VideoPage(video, request.user).is_open:
        raise AuthorizationError(message=BLIND)
    found = video.predictions.select_related("model").defer("model__metrics").order_by("-is_served", "-pk")
    return [PredictionOut.of(prediction) for prediction in found]
