"""Pasting links to posts."""

from collections import Counter

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from labeling.collecting.adding import add_links
from labeling.models import AddedHow, XPause
from labeling.views.access import needs

MOST_LINES = 2000


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
                f"At most {MOST_LINES:,} links at once, there are {len(lines):,}. "
                "Use `manage.py collect --file` for more."
            )
        return lines


@require_http_methods(["GET", "HEAD", "POST"])
@needs("labeling.collect_post", to="collect posts")
def collect(request: HttpRequest) -> HttpResponse:
    """Take pasted links; each line gets its own answer. A link in the address waits in the field."""
    if request.method != "POST":
        form = LinksForm(initial={"links": request.GET.get("url", "")})
        return render(request, "labeling/collect.html", {"form": form, "pause": XPause.current()})
    form = LinksForm(request.POST)
    if not form.is_valid():
        return render(request, "labeling/collect.html", {"form": form, "pause": XPause.current()}, status=422)
    added = add_links(form.cleaned_data["links"], user=request.user, how=AddedHow.PAGE)
    counts = Counter(link.state.value for link in added)
    context = {"form": LinksForm(), "added": added, "counts": counts, "pause": XPause.current()}
    return render(request, "labeling/collect.html", context)
