"""Collected posts: all of them, and one."""

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from labeling.collecting.adding import collect_again
from labeling.filters import PostFilterForm
from labeling.models import Post, Variant, Video, XPause
from labeling.paging import KeysetPage
from labeling.statuses import status_of
from labeling.video_page import LARGEST_FIRST
from labeling.views.access import needs
from labeling.views.signed_in import signed_in

A_PAGE = 50
STOP_POLLING = 286
"""htmx takes the fragment and asks no more."""

VARIANTS = Prefetch("variants", Variant.objects.order_by(*LARGEST_FIRST))
VIDEOS = Prefetch(
    "videos", Video.objects.select_related("settlement").order_by("index").prefetch_related(VARIANTS)
)


@require_safe
@signed_in
def post_list(request: HttpRequest) -> HttpResponse:
    """List the posts, newest first."""
    form = PostFilterForm(request.GET)
    posts = form.posts().select_related("job", "added_by").defer("raw").prefetch_related(VIDEOS)
    page = KeysetPage.read(posts, request.GET, size=A_PAGE)
    context = {
        "form": form,
        "page": page,
        "rows": [(post, status_of(post)) for post in page.rows],
        "pause": XPause.current(),
    }
    return render(request, "labeling/post_list.html", context)


@require_safe
@signed_in
def post_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one post; to htmx, how far it is."""
    posts = Post.objects.select_related("job", "added_by").defer("raw").prefetch_related(VIDEOS)
    post = get_object_or_404(posts, pk=pk)
    status = status_of(post)
    context = {"post": post, "status": status, "pause": XPause.current()}
    if request.htmx:  # type: ignore[attr-defined]
        code = 200 if status.is_going else STOP_POLLING
        return render(request, "labeling/post_detail.html#collecting", context, status=code)
    return render(request, "labeling/post_detail.html", context)


@require_POST
@needs("labeling.collect_post", to="collect posts")
def post_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Collect again what failed of a post."""
    post = get_object_or_404(Post, pk=pk)
    if collect_again(post):
        messages.success(request, "It is queued again.")
    else:
        messages.info(request, "Nothing of this post has failed, so there is nothing to try again.")
    return redirect(post)
