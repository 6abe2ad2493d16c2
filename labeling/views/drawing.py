"""Drawing the labeling screen: as a page, or as the parts that its scripts ask for."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from labeling import answering, queue
from labeling.forms import ScreenForm
from labeling.keymap import keys_of
from labeling.models import Post, Slot, Video
from labeling.views.screen import Screen, definitions, guideline, screen_for, stage_of

AT_ONCE = queue.MOST_HELD
"""The clip on the stage, and those that load behind it: whole, so that Enter waits for nothing."""


def draw(
    request: HttpRequest,
    *,
    screen: Screen | None = None,
    on: frozenset[str] | None = None,
    status: int = 200,
    words: dict[str, Any] | None = None,
) -> HttpResponse:
    """Draw the page: the first claimed clip, or `screen` in its place, and the next ones behind it."""
    slots = queue.claim(request.user, most=AT_ONCE)
    if screen is None and slots:
        screen = screen_for(slots[0], stage_of(request))
        screen = screen if on is None else _as_sent(request, screen, on)
    behind = _screens(request, [slot for slot in slots if screen and slot.pk != screen.slot.pk])
    context = {
        **_around(request, len(behind)),
        "default_theme": "dark",
        "screen": screen,
        "behind": behind,
        "definitions": definitions(),
        "guideline": guideline(),
        **({} if screen else _why_empty()),
        **(words or {}),
    }
    return render(request, "labeling/label.html", context, status=status)


def _as_sent(request: HttpRequest, screen: Screen, on: frozenset[str]) -> Screen:
    """Return the screen with all that was sent, also where that cannot be an answer."""
    form = ScreenForm(request.POST)
    form.full_clean()
    note, question = (request.POST.get(name, "") for name in ("note", "question"))
    return replace(screen, on=on, aims=form.aims, note=note, question=question, at={})


def draw_parts(request: HttpRequest, have: set[str]) -> HttpResponse:
    """Draw the clips a person holds that the browser does not have yet, and what stands around them."""
    slots = queue.claim(request.user, most=AT_ONCE)
    behind = _screens(request, [slot for slot in slots if str(slot.claim) not in have])
    context = {
        **_around(request, max(len(slots) - 1, 0)),
        "behind": behind,
        "held": " ".join(str(slot.claim) for slot in slots),
        "is_part": True,
        **({} if slots else _why_empty()),
    }
    return render(request, "labeling/_parts.html", context)


def _screens(request: HttpRequest, slots: list[Slot]) -> list[Screen]:
    stage = stage_of(request)
    return [screen_for(slot, stage) for slot in slots]


def _around(request: HttpRequest, num_behind: int) -> dict[str, Any]:
    waiting = queue.waiting(request.user)
    return {
        "keys": keys_of(request.user),
        "num_today": queue.num_answered_today(request.user),
        "waiting": waiting,
        "num_waiting": waiting.num_free + num_behind,
        "is_more_waiting": waiting.num_free >= queue.COUNTED_UP_TO,
        "last_answers": answering.last_answers(request.user),
    }


def _why_empty() -> dict[str, Any]:
    return {"has_videos": Video.objects.ready().exists(), "num_coming": Post.objects.waiting().count()}
