"""What waits for a reviewer, and the pages to decide it on: by keyboard, one after another."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from labeling import adjudicating, reviewing
from labeling.answering import InvalidAnswer
from labeling.keymap import keys_of
from labeling.models import REVIEW, Annotation, GoldAnswer, ReviewOutcome, Video
from labeling.review_forms import DecisionForm, ReplyForm
from labeling.video_page import VideoPage
from labeling.views.access import needs
from labeling.views.judging import choices, no_choice

may_review = needs("labeling.review_video", to="review videos")
LISTED = 24
LATELY = timedelta(hours=1)


@require_safe
@may_review
def review(request: HttpRequest) -> HttpResponse:
    """Show what waits: disputes, models against people, questions."""
    context = {
        "disputes": list(reviewing.disputes()[:LISTED]),
        "num_disputes": reviewing.disputes()[: reviewing.COUNTED_UP_TO].count(),
        "models": reviewing.models(),
        "questions": reviewing.questions()[:LISTED],
        "last_decision": _last_decision(request),
        "num_gold": GoldAnswer.objects.in_use().count(),
        "counted_up_to": reviewing.COUNTED_UP_TO,
    }
    return render(request, "labeling/review.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@may_review
def review_video(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who said what of one video, and take the decision."""
    video = get_object_or_404(Video.objects.select_related("post", "settlement", "group"), pk=pk)
    form = DecisionForm(request.POST if request.method == "POST" else None)
    problem: InvalidAnswer | None = None
    if request.method == "POST":
        problem = _decide(request, video, form)
        if problem is None:
            return _next_dispute(request, video)
    answers, rows = reviewing.side_by_side(video)
    context = {
        "video": video,
        "page": VideoPage(video, request.user),
        "answers": answers,
        "rows": rows,
        "choices": choices(form.on_now) if problem else no_choice(),
        "keys": keys_of(request.user),
        "problem": problem,
        "last_decision": _last_decision(request),
    }
    return render(request, "labeling/review_video.html", context, status=422 if problem else 200)


def _decide(request: HttpRequest, video: Video, form: DecisionForm) -> InvalidAnswer | None:
    try:
        adjudicating.adjudicate(request.user, video, form.decision())
    except InvalidAnswer as exc:
        return exc
    return None


@require_POST
@may_review
def undo_decision(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a decision of one's own, and show the video with what counts now."""
    own = Annotation.objects.filter(labeler=request.user.pk, picked_by=REVIEW, bulk=None)
    decision = get_object_or_404(own.select_related("video"), pk=pk)
    reviewing.take_back(decision)
    messages.success(request, "Your decision was taken back: what counted before counts again.")
    return redirect("labeling:review-video", decision.video_id)


def _next_dispute(request: HttpRequest, video: Video) -> HttpResponse:
    messages.success(request, "Your decision counts now.")
    following = reviewing.disputes().exclude(pk=video.pk).first()
    return redirect("labeling:review-video", following.pk) if following else redirect("labeling:review")


@require_http_methods(["GET", "HEAD", "POST"])
@may_review
def review_model(request: HttpRequest, slug: str) -> HttpResponse:
    """Let a clip be judged by who knows neither what people nor what the model said of it."""
    form = DecisionForm(request.POST if request.method == "POST" else None)
    problem: InvalidAnswer | None = None
    if request.method == "POST":
        video = get_object_or_404(reviewing.judged_by(slug), pk=_number(request.POST.get("video", "")))
        try:
            answer = None if "cannot_tell" in request.POST else form.decision()
            outcome = reviewing.judge_blind(request.user, video, slug, answer)
            return redirect("labeling:review-outcome", outcome.pk)
        except InvalidAnswer as exc:
            problem = exc
    waiting = reviewing.contradicted(slug, request.user).select_related("post", "settlement", "group")
    found = waiting.filter(pk=video.pk).first() if problem else waiting.first()
    context: dict[str, Any] = {
        "slug": slug,
        "video": found,
        "page": VideoPage(found, request.user) if found else None,
        "choices": choices(form.on_now) if problem else no_choice(),
        "keys": keys_of(request.user),
        "problem": problem,
    }
    return render(request, "labeling/review_model.html", context, status=422 if problem else 200)


def _last_decision(request: HttpRequest) -> Annotation | None:
    """Return what this reviewer decided last, if that was lately."""
    lately = reviewing.own_decisions(request.user).filter(created_at__gte=timezone.now() - LATELY)
    return lately.select_related("video__post").first()


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= 18 else 0


@require_http_methods(["GET", "HEAD", "POST"])
@may_review
def review_outcome(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what each side said, once the reviewer has said theirs; or call it undecidable after all."""
    outcomes = ReviewOutcome.objects.select_related("video__post", "video__settlement", "annotation")
    outcome = get_object_or_404(outcomes, pk=pk, reviewer=request.user)
    if request.method == "POST":
        reviewing.call_ambiguous(outcome)
        return redirect("labeling:review-model", outcome.model_slug)
    own = outcome.annotation.pk if outcome.annotation else 0
    people = outcome.video.annotations.select_related("labeler").exclude(pk=own)
    predictions = outcome.video.predictions.select_related("model").defer("model__metrics")
    said = predictions.filter(model__slug=outcome.model_slug).first()
    context = {"outcome": outcome, "people": people.order_by("-pk"), "said": said}
    return render(request, "labeling/review_outcome.html", context)


@require_POST
@may_review
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a labeler's question."""
    annotation = get_object_or_404(Annotation.objects.exclude(question=""), pk=pk)
    form = ReplyForm(request.POST)
    if form.is_valid():
        adjudicating.reply(request.user, annotation, form.cleaned_data["text"])
        messages.success(request, f"{annotation.labeler} can read your reply.")
    else:
        messages.error(request, "A reply needs words, up to 4,000 characters.")
    return redirect("labeling:review")


@require_POST
@may_review
def gold(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a video gold, or take it out of the gold."""
    video = get_object_or_404(Video.objects.select_related("settlement"), pk=pk)
    if "retire" in request.POST:
        GoldAnswer.objects.filter(video=video).retire()
        messages.success(request, "Nobody is tested with this video any more. Scores keep it.")
        return redirect(video)
    try:
        adjudicating.make_gold(request.user, video)
        messages.success(request, "This video is gold: labelers are tested with it.")
    except adjudicating.NoSettlement as exc:
        messages.error(request, str(exc))
    return redirect(video)
