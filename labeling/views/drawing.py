"""Drawing the labeling screen: as a page, as the part that HTMX swaps in, or as words of refusal."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import reswap, retarget

from labeling import answering, controls, queue
from labeling.answering import InvalidAnswer
from labeling.models import Post, Slot, Video
from labeling.queue import ClaimLost
from labeling.views.screen import Screen, definitions, guideline, screen_for, stage_of, stored, suiting

AT_ONCE = 2
"""The clip on the stage, and the one that loads behind it."""

View = Callable[..., HttpResponse]


class NothingToUndo(Exception):
    """There is no such answer to go back to."""


def in_words(view: View) -> View:
    """Answer a refusal in words beside the answer, which stays as it is."""

    @wraps(view)
    def speaking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except InvalidAnswer as exc:
            return _refuse(request, "problem", exc, 422)
        except NothingToUndo as exc:
            return _refuse(request, "notice", exc, 422)
        except ClaimLost as exc:
            return _refuse(request, "notice", exc, 409)

    return speaking


def _refuse(request: HttpRequest, where: str, exc: Exception, status: int) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        response = render(request, f"labeling/label.html#{where}-words", _words(where, exc), status=status)
        return reswap(retarget(response, f"#{where}"), "innerHTML")
    on = frozenset(request.POST.getlist("on")) & controls.CONTROLS.keys() if status == 422 else None
    return draw(request, on=on, status=status, words=_words(where, exc))


def _words(where: str, exc: Exception) -> dict[str, Any]:
    return {where: exc, "is_lost": isinstance(exc, ClaimLost)}


def go_on(request: HttpRequest) -> HttpResponse:
    """Bring the next clip: into the page, or by sending the browser back to it."""
    return draw(request) if request.htmx else redirect("labeling:label")  # type: ignore[attr-defined]


def draw(
    request: HttpRequest,
    *,
    screen: Screen | None = None,
    on: frozenset[str] | None = None,
    status: int = 200,
    words: dict[str, Any] | None = None,
) -> HttpResponse:
    """Draw the first claimed clip, or `screen` in its place, with the next one loading behind it."""
    is_fragment = bool(request.htmx)  # type: ignore[attr-defined]
    slots = queue.claim(request.user, most=AT_ONCE)
    stage = stage_of(request)
    if screen is None and slots:
        screen = screen_for(slots[0], stage, on, request.POST.get("note", "") if on is not None else "")
    ahead = _ahead(slots, screen, stage)
    waiting = queue.waiting(request.user)
    context = {
        "default_theme": "dark",
        "screen": screen,
        "ahead": ahead,
        "num_today": queue.num_answered_today(request.user),
        "waiting": waiting,
        "num_waiting": waiting.num_free + bool(ahead),
        "is_more_waiting": waiting.num_free >= queue.COUNTED_UP_TO,
        "last_answers": answering.last_answers(request.user),
        "is_fragment": is_fragment,
        **({} if is_fragment else {"definitions": definitions(), "guideline": guideline()}),
        **({} if screen else _why_empty()),
        **(words or {}),
    }
    template = "labeling/label.html#screen" if is_fragment else "labeling/label.html"
    return render(request, template, context, status=status)


def _ahead(slots: list[Slot], screen: Screen | None, stage: tuple[int, int] | None) -> dict[str, Any] | None:
    """Return the next slot and the encoding to load of it. Nothing else of it leaves the server."""
    waiting = [slot for slot in slots if screen and slot.pk != screen.slot.pk]
    if not waiting:
        return None
    return {"slot": waiting[0], "variant": suiting(stored(waiting[0]), stage)}


def _why_empty() -> dict[str, Any]:
    return {"has_videos": Video.objects.ready().exists(), "num_coming": Post.objects.waiting().count()}
