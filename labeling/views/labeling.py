"""The labeling screen."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from labeling.views.access import needs


@needs("labeling.label_video", to="label videos")
def label(request: HttpRequest) -> HttpResponse:
    return render(request, "labeling/label.html", {"default_theme": "dark"})
