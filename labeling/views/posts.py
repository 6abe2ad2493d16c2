"""Collected posts: all of them, and one."""

from typing import Any

from django.contrib import messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import number_format
from django.views.decorators.http import require_POST, require_safe

from labeling.collecting import steering
from labeling.filters import PostFilterForm
from labeling.models import Post, Variant, Video, XPause
from labeling.paging import KeysetPage
from labeling.post_history import history_of
from labeling.statuses import status_of
from labeling.video_page import LARGEST_FIRST
from labeling.views.access import needs
from labeling.views.signed_in import signed_in
from labeling.withholding import withhold

A_PAGE = 50
MOST_COUNTED = 1000
STOP_POLLING = 286
"""htmx takes the fragment and asks no more."""

CAN_RETRY = {"failed", "incomplete"}
CAN_CANCEL = {"waiting", "storing"}
"""The states of a list on which all that matches can be tried again, or be stopped."""

VARIANTS = Prefetch("variants", Variant.objects.select_related("job").order_by(*LARGEST_FIRST))
VIDEOS = Prefetch(
    "videos", Video.objects.select_related("settlement").order_by("index").prefetch_related(VARIANTS)
)

HOW_FAR = ("video", "state", "job__variant", "job__state", "job__progress", "job__failure_message")
"""What a list says of a variant; all its columns would be half the time of the page."""

STATES = Prefetch("variants", Variant.objects.select_related("job").only(*HOW_FAR))
LISTED = Prefetch(
    "videos",
    Video.objects.select_related("settlement")
    .only("post", "index", "poster_name", "group", "settlement")
    .order_by("index")
    .prefetch_related(STATES),
)


@require_safe
@signed_in
def post_list(request: HttpRequest) -> HttpResponse:
    """List the posts, newest first; to htmx, how far those of the page are."""
    form = PostFilterForm(request.GET, user=request.user)
    posts = form.posts().select_related("job", "added_by").defer("raw", "brought")
    page = KeysetPage.read(posts.prefetch_related(LISTED), request.GET, size=A_PAGE)
    withhold(request.user, [video for post in page.rows for video in post.videos.all()])
    rows = [(post, status_of(post)) for post in page.rows]
    is_going = any(status.is_going for _, status in rows)
    context = {"form": form, "page": page, "rows": rows, "is_going": is_going, "pause": XPause.current()}
    if request.htmx:  # type: ignore[attr-defined]
        code = 200 if is_going else STOP_POLLING
        return render(request, "labeling/post_list.html#post-rows", context, status=code)
    return render(request, "labeling/post_list.html", context | _offers(form))


def _offers(form: PostFilterForm) -> dict[str, Any]:
    """Return what can be done to all that match, and to how many; counted no further than people read."""
    state = form.chosen("state")
    if state not in CAN_RETRY | CAN_CANCEL:
        return {}
    num_matching = form.posts().order_by()[: MOST_COUNTED + 1].count()
    is_more = num_matching > MOST_COUNTED
    return {
        "can_retry": state in CAN_RETRY,
        "can_cancel": state in CAN_CANCEL,
        "num_matching": f"over {number_format(MOST_COUNTED)}" if is_more else number_format(num_matching),
    }


@require_safe
@signed_in
def post_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one post; to htmx, how far it is."""
    posts = Post.objects.select_related("job", "added_by").defer("raw").prefetch_related(VIDEOS)
    post = get_object_or_404(posts, pk=pk)
    withhold(request.user, post.videos.all())
    status = status_of(post)
    context = {"post": post, "status": status, "history": history_of(post), "pause": XPause.current()}
    if request.htmx:  # type: ignore[attr-defined]
        code = 200 if status.is_going else STOP_POLLING
        return render(request, "labeling/post_detail.html#collecting", context, status=code)
    return render(request, "labeling/post_detail.html", context)


@require_POST
@needs("labeling.collect_post", to="collect posts")
def post_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Collect again what failed of a post."""
    post = get_object_or_404(Post, pk=pk)
    if steering.retry(Post.objects.filter(pk=pk)):
        messages.success(request, "It is queued again.")
    else:
        messages.info(request, "Nothing of this post has failed, so there is nothing to try again.")
    return redirect(post)


@require_POST
@needs("labeling.collect_post", to="collect posts")
def post_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop what has not come yet of a post."""
    post = get_object_or_404(Post, pk=pk)
    if steering.cancel(Post.objects.filter(pk=pk)):
        messages.success(request, "It is stopped; what is stored stays. “Try again” goes on.")
    else:
        messages.info(request, "Nothing of this post is under way.")
    return redirect(post)


@require_POST
@needs("labeling.collect_post", to="collect posts")
def posts_retry(request: HttpRequest) -> HttpResponse:
    """Collect again what failed of all posts that match."""
    num_jobs = steering.retry(_matching(request))
    messages.success(request, f"{number_format(num_jobs)} requests and downloads are queued again.")
    return redirect(reverse("labeling:post-list"))


@require_POST
@needs("labeling.collect_post", to="collect posts")
def posts_cancel(request: HttpRequest) -> HttpResponse:
    """Stop what has not come yet of all posts that match."""
    num_jobs = steering.cancel(_matching(request))
    messages.success(
        request,
        f"{number_format(num_jobs)} requests and downloads are stopped; they are under “Failed” to be tried "
        "again.",
    )
    return redirect(reverse("labeling:post-list"))


def _matching(request: HttpRequest) -> QuerySet[Post]:
    return PostFilterForm(request.GET, user=request.user).posts()
