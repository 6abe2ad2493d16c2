"""Collected videos: all of them, and one with everything that is known about it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from labeling.models import Video
from labeling.paging import KeysetPage
from labeling.video_filters import VideoFilterForm
from labeling.video_page import VideoPage
from labeling.views.signed_in import signed_in
from labeling.withholding import withhold

A_PAGE = 60


@require_safe
@signed_in
def video_list(request: HttpRequest) -> HttpResponse:
    """Show the videos as a grid of posters, newest first."""
    form = VideoFilterForm(request.GET, user=request.user)
    videos = form.videos().select_related("post", "settlement").defer("fingerprint", "post__raw")
    page = KeysetPage.read(videos, request.GET, size=A_PAGE)
    withhold(request.user, page.rows)
    return render(request, "labeling/video_list.html", {"form": form, "page": page})


@require_safe
@signed_in
def video_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one video: its player, the labels that count, every answer, what each model says of it."""
    videos = Video.objects.select_related("post", "settlement", "group")
    video: Any = get_object_or_404(videos, pk=pk)
    page = VideoPage(video, request.user, variant=request.GET.get("variant", ""))
    return render(request, "labeling/video_detail.html", {"video": video, "page": page})
