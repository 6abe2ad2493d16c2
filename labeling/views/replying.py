"""How the labeling screen replies: in JSON to its scripts, with a page to a browser without them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.formats import number_format

from labeling import controls, reclaiming
from labeling.answering import InvalidAnswer
from labeling.idempotency import MAX_KEY, KeyReused, Reply, once
from labeling.models import Annotation, Video
from labeling.queue import ClaimLost
from labeling.reclaiming import DayIsFull, NotGiven
from labeling.views.access import is_script
from labeling.views.drawing import draw

View = Callable[..., HttpResponse]


class NothingToUndo(Exception):
    """There is no such answer to go back to."""


def in_words(view: View) -> View:
    """Answer a refusal in words; what was sent stays where it is, in the outbox or on the page."""

    @wraps(view)
    def speaking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (InvalidAnswer, KeyReused) as exc:
            return _refuse(request, "problem", exc, 422)
        except NothingToUndo as exc:
            return _refuse(request, "notice", exc, 422)
        except (NotGiven, DayIsFull) as exc:
            return _refuse(request, "notice", exc, 403)
        except ClaimLost as exc:
            return _refuse(request, "notice", exc, 409)

    return speaking


def _refuse(request: HttpRequest, where: str, exc: Exception, status: int) -> HttpResponse:
    if is_script(request):
        fate = _fate(request) if status == 409 else {}
        return JsonResponse({"detail": str(exc)} | fate, status=status)
    on = frozenset(request.POST.getlist("on")) & controls.CONTROLS.keys() if status == 422 else None
    return draw(request, on=on, status=status, words={where: exc})


def _fate(request: HttpRequest) -> dict[str, Any]:
    """Say what became of the video that was answered, if the request names one."""
    named = request.POST.get("video", "")
    video = Video.objects.filter(pk=named).first() if named.isdecimal() and len(named) < 19 else None
    if video is None:
        return {}
    fate = reclaiming.fate_of(request.user, video)
    return {"fate": fate.words, "is_free": fate.is_free, "is_over": fate.is_over}


def take(request: HttpRequest, act: Callable[[], Annotation]) -> HttpResponse:
    """Write an answer, once for each Idempotency-Key, and reply that it is written."""
    return reply_once(request, lambda: Reply(201, {"annotation": act().pk}))


def reply_once(request: HttpRequest, carry_out: Callable[[], Reply]) -> HttpResponse:
    """Do what is asked, once for each Idempotency-Key; a browser without scripts gets the next clip."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > MAX_KEY:
        raise InvalidAnswer(
            [f"Idempotency-Key may have {MAX_KEY} characters, it has {number_format(len(key))}."]
        )
    reply = once(request.user, key, _meaning(request), carry_out) if key else carry_out()
    if is_script(request):
        return JsonResponse(reply.body, status=reply.status)
    return redirect("labeling:label")


def _meaning(request: HttpRequest) -> str:
    """Return what makes it the same request: all but the token, which a new login changes."""
    sent = request.POST.copy()
    sent.pop("csrfmiddlewaretoken", None)
    return f"{request.path}?{sent.urlencode()}"
