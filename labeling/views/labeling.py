"""The labeling screen: one clip after another."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from labeling import aims, answering, controls, queue, reclaiming
from labeling.aims import Aims
from labeling.answering import InvalidAnswer
from labeling.forms import ScreenForm, SkipForm, UndoForm
from labeling.idempotency import Reply
from labeling.models import Slot, Video
from labeling.queue import ClaimLost
from labeling.views.access import is_script, needs
from labeling.views.drawing import AT_ONCE, draw, draw_parts
from labeling.views.replying import NothingToUndo, in_words, reply_once, take
from labeling.views.screen import Screen, screen_for, stage_of

may_label = needs("labeling.label_video", to="label videos")


@require_GET
@never_cache  # the way back must not show a clip that is answered
@may_label
def label(request: HttpRequest) -> HttpResponse:
    return draw(request)


@require_GET
@never_cache
@may_label
def ahead(request: HttpRequest) -> HttpResponse:
    """The clips that the browser does not `have` yet, for static/js/reel.js."""
    return draw_parts(request, set(request.GET.get("have", "").split()))


@require_POST
@may_label
@in_words
def answer(request: HttpRequest, claim: UUID) -> HttpResponse:
    """Take an answer; or, from a browser without scripts, one press of a button."""
    form = _checked(ScreenForm(request.POST))
    if form.cleaned_data["press"] or form.cleaned_data["aim"]:
        return _pressed(request, claim, form)
    given, with_twins = form.answer(), form.cleaned_data["twins"]
    return take(request, lambda: answering.submit(request.user, claim, given, with_twins=with_twins))


@require_POST
@may_label
@in_words
def skip(request: HttpRequest, claim: UUID) -> HttpResponse:
    arguments = _checked(SkipForm(request.POST)).arguments()
    return take(request, lambda: answering.skip(request.user, claim, **arguments))


@require_POST
@may_label
@in_words
def undo(request: HttpRequest) -> HttpResponse:
    """Go back to the newest answer, or to the one of the last ten that was chosen."""
    wanted = _checked(UndoForm(request.POST)).cleaned_data["annotation"]

    def go_back() -> Reply:
        answers = answering.last_answers(request.user)
        found = next((each for each in answers if wanted in (None, each.pk)), None)
        if found is None:
            raise NothingToUndo("None of your last answers is left to go back to.")
        return Reply(200, _claimed(answering.reopen(request.user, found)))

    return reply_once(request, go_back)


@require_POST
@may_label
@in_words
def reclaim(request: HttpRequest, video: int) -> HttpResponse:
    """Take a video again whose claim was lost with an answer in hand."""
    found = get_object_or_404(Video, pk=video)
    slot = reclaiming.reclaim(request.user, found, by=request.GET.get("by", ""))
    return JsonResponse(_claimed(slot)) if is_script(request) else redirect("labeling:label")


@require_POST
@may_label
@in_words
def heartbeat(request: HttpRequest, claim: UUID) -> HttpResponse:
    """Keep a claim while its clip is being looked at."""
    queue.heartbeat(request.user, claim)
    return HttpResponse(status=204)


def _claimed(slot: Slot) -> dict[str, Any]:
    """Return a claim as the scripts are told it."""
    urls = {name: reverse(f"labeling:{name}", args=[slot.claim]) for name in ("answer", "skip")}
    return {"claim": str(slot.claim), "urls": urls}


def _pressed(request: HttpRequest, claim: UUID, form: ScreenForm) -> HttpResponse:
    slots = queue.claim(request.user, most=AT_ONCE)
    slot = next((each for each in slots if each.claim == claim), None)
    if slot is None:
        raise ClaimLost
    note, question = form.cleaned_data["note"], form.cleaned_data["question"]
    screen = screen_for(slot, stage_of(request), form.on_now, note, question)
    return draw(request, screen=screen.with_on(*_after(form, screen)))


def _after(form: ScreenForm, screen: Screen) -> tuple[frozenset[str], Aims]:
    """Return what is on, and what each reason is aimed at, after the press that the form holds."""
    name, aim = form.cleaned_data["press"], form.cleaned_data["aim"]
    if aim:
        return form.on_now, aims.toggled(form.on_now, form.aims, *aim.split())
    if name == controls.TAKE:
        return controls.press_all(form.on_now, screen.ghosts_in_order), form.aims
    return controls.press(form.on_now, name), {kind: it for kind, it in form.aims.items() if kind != name}


def _checked(form: Any) -> Any:
    """Return the form if it holds what this screen sends, else say in words what it holds."""
    if not form.is_valid():
        raise InvalidAnswer([f"{name}: {error}" for name, errors in form.errors.items() for error in errors])
    return form
