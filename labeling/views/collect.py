"""Pasting links to posts, and uploading a CSV of them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import number_format
from django.views.decorators.http import require_http_methods, require_POST

from labeling.collecting import pausing, uploads
from labeling.collecting.adding import AddedLink, add_links
from labeling.collecting.labels_csv import BadCsv
from labeling.collecting.uploading import add_rows
from labeling.models import AddedHow, XPause
from labeling.views.access import needs

MOST_LINES = 2000
MOST_BYTES = 10 * 1024 * 1024
BOOKMARKLET = "javascript:void window.open('{}?url='+encodeURIComponent(location.href),'_blank','noopener')"


class LinksForm(forms.Form):
    links = forms.CharField(
        label="Links to posts, one a line",
        widget=forms.Textarea(
            attrs={"rows": 10, "spellcheck": "false", "placeholder": "https://x.com/name/status/1234567890"}
        ),
        error_messages={"required": "Paste at least one link."},
    )

    def clean_links(self) -> list[str]:
        lines = [line for line in self.cleaned_data["links"].splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise forms.ValidationError(
                f"At most {number_format(MOST_LINES)} links at once, there are {number_format(len(lines))}. "
                "Use `manage.py collect --file` for more."
            )
        return lines


class CsvForm(forms.Form):
    """A CSV; once clean, `rows` is what stands in it."""

    file = forms.FileField(
        label="CSV file",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={"required": "Choose a CSV file.", "empty": "The file is empty."},
    )
    is_all_or_none = forms.BooleanField(label="Take nothing unless every row is good", required=False)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(f"The file is over {MOST_BYTES // 2**20} MiB. Cut it in pieces.")
        try:
            self.rows = uploads.read(file.read())
        except BadCsv as exc:
            raise forms.ValidationError(f"Nothing was taken. {exc}") from exc
        return file


@require_http_methods(["GET", "HEAD", "POST"])
@needs("labeling.collect_post", to="collect posts")
def collect(request: HttpRequest) -> HttpResponse:
    """Take pasted links; each line gets its own answer. A link in the address waits in the field."""
    if request.method != "POST":
        return _draw(request, links=LinksForm(initial={"links": request.GET.get("url", "")}))
    form = LinksForm(request.POST)
    if not form.is_valid():
        return _draw(request, links=form, status=422)
    return _draw(request, add_links(form.cleaned_data["links"], user=request.user, how=AddedHow.PAGE))


@require_POST
@needs("labeling.collect_post", to="collect posts")
def collect_csv(request: HttpRequest) -> HttpResponse:
    """Take the rows of a CSV; each gets its own answer."""
    form = CsvForm(request.POST, request.FILES)
    if not form.is_valid():
        return _draw(request, csv=form, status=422)
    is_all_or_none = form.cleaned_data["is_all_or_none"]
    return _draw(request, add_rows(form.rows, user=request.user, is_all_or_none=is_all_or_none))


@require_POST
@needs("labeling.collect_post", to="collect posts")
def end_pause(request: HttpRequest) -> HttpResponse:
    """Go on before X's pause is over: yt-dlp was updated, or the cookies are new."""
    num_due = pausing.end()
    messages.success(request, f"The pause is over; {number_format(num_due)} jobs that waited are due.")
    return redirect("labeling:collect")


def _draw(
    request: HttpRequest,
    added: Sequence[AddedLink] = (),
    *,
    links: LinksForm | None = None,
    csv: CsvForm | None = None,
    status: int = 200,
) -> HttpResponse:
    here = request.build_absolute_uri(reverse("labeling:collect"))
    context = {
        "form": links or LinksForm(),
        "csv_form": csv or CsvForm(),
        "added": added,
        "counts": Counter(link.state.value for link in added),
        "pause": XPause.current(),
        "bookmarklet": BOOKMARKLET.format(here),
    }
    return render(request, "labeling/collect.html", context, status=status)
