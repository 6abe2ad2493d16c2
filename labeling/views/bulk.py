"""Labels for many videos at once: chosen in the grid, seen before they count, and taken back as one."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import number_format
from django.views.decorators.http import require_POST, require_safe

from cakelens.labels import V5_LABELS, Label
from labeling import bulk
from labeling.answering import InvalidAnswer
from labeling.bulk import Change, NothingToEdit
from labeling.models import AlreadyUndone, BulkEdit, EvidenceKind, Video
from labeling.video_filters import VideoFilterForm
from labeling.views.access import needs

may_review = needs("labeling.review_video", to="edit the labels of many videos")
EVERYTHING = "state="
"""The filter that leaves nothing out, spelled so that it is not taken for none: those ticked have none."""
LISTED = 50
SHOWN = 24


class ChangeForm(forms.Form):
    """What is said of each video: per label yes, no, or nothing."""

    kind = forms.ChoiceField(choices=[("", "–"), *EvidenceKind.choices], required=False, label="How you know")
    note = forms.CharField(max_length=4000, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for label in V5_LABELS:
            self.fields[label] = forms.ChoiceField(
                choices=[("", "as it is"), ("yes", "yes"), ("no", "no")], required=False, label=str(label)
            )

    @property
    def label_fields(self) -> list[forms.BoundField]:
        return [self[label] for label in V5_LABELS]

    def change(self) -> Change:
        """Return what is said.

        Raises:
            InvalidAnswer: It contradicts itself, or says nothing.
        """
        if not self.is_valid():
            raise InvalidAnswer([f"{name}: {error}" for name, each in self.errors.items() for error in each])
        data = self.cleaned_data
        said = {Label(label): data[label] == "yes" for label in V5_LABELS if data[label]}
        return Change(said, EvidenceKind(data["kind"]) if data["kind"] else None, data["note"])


def _chosen(data: Any, user: Any) -> tuple[Any, str]:
    """Return the videos that were ticked, or all that match the filter, and the filter as a query."""
    if "all" not in data:
        ticked = [key for key in data.getlist("video") if key.isdecimal() and len(key) <= 18]
        keys = [int(key) for key in ticked[: bulk.MOST]]
        return Video.objects.filter(pk__in=keys), ""
    query = data.get("query") or EVERYTHING
    return VideoFilterForm(QueryDict(query), user=user).videos(), query


@require_safe
@may_review
def edit(request: HttpRequest) -> HttpResponse:
    """Ask what is to be said of the chosen videos; with labels, show what that would change."""
    videos, query = _chosen(request.GET, request.user)
    num = videos[: bulk.MOST + 1].count()
    context: dict[str, Any] = {
        "form": ChangeForm(request.GET if "preview" in request.GET else None),
        "num": min(num, bulk.MOST),
        "is_more": num > bulk.MOST,
        "most": bulk.MOST,
        "query": query,
        "is_all": "all" in request.GET,
        "chosen": request.GET.getlist("video"),
    }
    if "preview" in request.GET:
        _preview(context, videos)
    return render(request, "labeling/bulk_edit.html", context, status=422 if "problem" in context else 200)


def _preview(context: dict[str, Any], videos: Any) -> None:
    try:
        change = context["form"].change()
    except InvalidAnswer as exc:
        context["problem"] = exc
        return
    rows = videos.select_related("settlement", "post").defer("fingerprint", "post__raw")
    preview = bulk.preview(rows, change)
    shown = [video for video, _ in preview.changing[:SHOWN]]
    context |= {"preview": preview, "shown": shown, "is_more": preview.is_more}


@require_POST
@may_review
def apply(request: HttpRequest) -> HttpResponse:
    """Let the labels count."""
    videos, query = _chosen(request.POST, request.user)
    try:
        done = bulk.apply(request.user, videos, ChangeForm(request.POST).change(), filters=query)
        messages.success(
            request, f"Videos changed: {number_format(done.num_videos)}. You can take this back."
        )
    except (InvalidAnswer, NothingToEdit) as exc:
        messages.error(request, str(exc))
    return redirect("labeling:bulk-edits")


@require_safe
@may_review
def edits(request: HttpRequest) -> HttpResponse:
    """Show the newest edits, each with the way to take it back."""
    newest = BulkEdit.objects.select_related("by", "undone_by").order_by("-pk")[:LISTED]
    return render(request, "labeling/bulk_edits.html", {"edits": newest})


@require_POST
@may_review
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an edit back."""
    done = get_object_or_404(BulkEdit, pk=pk)
    try:
        bulk.undo(request.user, done)
        messages.success(
            request, f"Videos with the labels they had before: {number_format(done.num_videos)}."
        )
    except AlreadyUndone as exc:
        messages.error(request, str(exc))
    return redirect("labeling:bulk-edits")
