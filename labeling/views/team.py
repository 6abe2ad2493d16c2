"""Who labels how much and how well, how far people agree, and declaring answers void."""

import csv
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import number_format
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from labeling import agreement, voiding
from labeling.models import AlreadyUndone, Annotation, Voiding
from labeling.review_forms import VoidForm
from labeling.team import PERIODS, Team, by_day, gold_by_week
from labeling.views.access import needs

VOIDS = "labeling.change_sitesettings"
may_label = needs("labeling.label_video", to="see what labelers do")
may_review = needs("labeling.review_video", to="see what others do")
may_void = needs(VOIDS, to="declare answers void")
ASKED_SHOWN = 20


@require_safe
@may_label
def team(request: HttpRequest) -> HttpResponse:
    """Show everybody's figures to reviewers, their own to everybody else."""
    if not request.user.has_perm("labeling.review_video"):
        return redirect("labeling:person", request.user.pk)
    context = {"team": Team(_days(request)), "periods": PERIODS, "may_void": request.user.has_perm(VOIDS)}
    return render(request, "labeling/team.html", context)


@require_safe
@may_label
def person(request: HttpRequest, pk: int, form: VoidForm | None = None) -> HttpResponse:
    """Show one person's days, gold, questions and, to admins, what can be declared void."""
    if pk != request.user.pk and not request.user.has_perm("labeling.review_video"):
        raise PermissionDenied("You can see your own figures; those of others are for reviewers.")
    user = get_object_or_404(get_user_model(), pk=pk)
    figures = Team(_days(request), only=user)
    days = list(by_day(figures.given()))
    asked = Annotation.objects.filter(labeler=user).exclude(question="").select_related("reply__reviewer")
    context = {
        "labeler": user,
        "team": figures,
        "person": figures.people[0],
        "periods": PERIODS,
        "days": days,
        "most_in_a_day": max((day.num_answers + day.num_skips for day in days), default=1) or 1,
        "weeks": gold_by_week(figures.given()),
        "asked": asked.order_by("-pk")[:ASKED_SHOWN],
        "may_void": request.user.has_perm(VOIDS),
        "voidings": Voiding.objects.filter(labeler=user).select_related("by").order_by("-pk"),
        "form": form or VoidForm(),
    }
    return render(request, "labeling/person.html", context, status=422 if form and form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@may_void
def void(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what declaring a period void would do, then do it."""
    user = get_object_or_404(get_user_model(), pk=pk)
    form = VoidForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        return person(request, pk, form)  # type: ignore[return-value]
    since, until = _period(form.cleaned_data)
    if request.method == "POST":
        return _void(request, user, since, until, form.cleaned_data["reason"])
    context = {"labeler": user, "form": form, "preview": voiding.preview(user, since, until)}
    return render(request, "labeling/void.html", context)


def _void(request: HttpRequest, user: Any, since: datetime, until: datetime, reason: str) -> HttpResponse:
    try:
        act = voiding.void(request.user, user, since, until, reason)
        of = f"answer of {user} is" if act.num_answers == 1 else f"answers of {user} are"
        messages.success(request, f"{number_format(act.num_answers)} {of} void. You can take this back.")
    except (voiding.NothingToVoid, voiding.TooMuchToVoid) as exc:
        messages.error(request, str(exc))
    return redirect("labeling:person", user.pk)


@require_POST
@may_void
def unvoid(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a voiding back."""
    act = get_object_or_404(Voiding, pk=pk)
    try:
        voiding.undo(request.user, act)
        messages.success(request, "These answers stand again, but for those that were answered anew since.")
    except AlreadyUndone as exc:
        messages.error(request, str(exc))
    return redirect("labeling:person", act.labeler_id)


def _period(data: dict[str, Any]) -> tuple[datetime, datetime]:
    """Return the beginning of the first day and the end of the last."""
    first, last = data["since"], data["until"] + timedelta(days=1)
    return tuple(timezone.make_aware(datetime.combine(day, time.min)) for day in (first, last))  # type: ignore[return-value]


@require_safe
@may_void
def hours(request: HttpRequest) -> HttpResponse:
    """Download who worked how long on which day."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="hours.csv"'
    writer = csv.writer(response)
    writer.writerow(["person", "day", "answers", "skips", "hours"])
    for day in by_day(Team(_days(request)).given()):
        writer.writerow([_inert(day.person), day.day, day.num_answers, day.num_skips, f"{day.hours:.2f}"])
    return response


def _inert(text: str) -> str:
    """Keep a spreadsheet from reading a name as a formula."""
    return f"'{text}" if text[:1] in "=+-@" else text


@require_safe
@may_review
def agree(request: HttpRequest) -> HttpResponse:
    """Show how far people agree, label by label."""
    return render(request, "labeling/agreement.html", {"report": agreement.report()})


def _days(request: HttpRequest) -> int:
    said = request.GET.get("days", "")
    return int(said) if said in map(str, PERIODS) else PERIODS[0]
