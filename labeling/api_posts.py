"""The API of collecting: give links, see what became of them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import Field

from cakelens.labels import Label
from labeling.api_auth import may
from labeling.api_errors import Refusal
from labeling.api_schemas import PostOut, VideoOut
from labeling.collecting.adding import LinkState, add_links
from labeling.filters import POST_STATES, with_label
from labeling.models import AddedHow, Post, Split, Video, VideoKind
from labeling.paging import KeysetPage
from labeling.views.collect import MOST_LINES
from labeling.views.posts import A_PAGE, VIDEOS
from labeling.withholding import withhold

router = Router(tags=["posts"])


class PostState(StrEnum):
    WAITING = "waiting"
    COLLECTED = "collected"
    STORING = "storing"
    FAILED = "failed"
    INCOMPLETE = "incomplete"
    DELETED = "deleted"


class PostFilters(Schema):
    state: PostState | None = None
    label: Label | None = Field(None, description="Posts with a video that was settled as this.")
    q: str = Field("", max_length=200, description="In the text, the author or the id.")
    before: int | None = Field(None, description="What `older` of the page before says.")

    def posts(self, user: Any) -> Any:
        posts: Any = Post.objects.all()
        if self.state:
            posts = POST_STATES[self.state][1](posts)
        if self.label:
            posts = with_label(posts, self.label, user)
        return posts.matching(self.q.strip()) if self.q.strip() else posts


class Links(Schema):
    urls: list[str] = Field(min_length=1, max_length=MOST_LINES)


class AddedOut(Schema):
    """What became of one link. `id` is the post's, unless the link was refused."""

    url: str
    id: int | None = None
    state: LinkState
    error: str | None = None


class Failure(Schema):
    kind: str
    message: str


class PostRow(PostOut):
    state: str = Field(description="waiting, collected or failed")
    failure: Failure | None
    collected_at: datetime | None
    num_videos: int


class PostPage(Schema):
    """Some posts, newest first."""

    posts: list[PostRow]
    older: str | None = Field(description="Send it as `before` to get the next ones; null: there are none.")


class VideoRow(VideoOut):
    kind: VideoKind
    split: Split | None
    quarantine: str
    labels: dict[Label, bool | None] | None = Field(
        description="The labels that count; null: not settled, or not to be known yet by who labels it."
    )


class PostDetail(PostRow):
    videos: list[VideoRow]


@router.post("/posts", response={202: list[AddedOut], 422: Refusal}, exclude_none=True)
@may("labeling.collect_post", to="collect posts")
def add(request: HttpRequest, body: Links) -> Status[list[AddedOut]]:
    """Collect posts of X. Each link gets its own answer, in their order; collecting goes on by itself."""
    added = add_links(body.urls, user=request.user, how=AddedHow.API)
    return Status(
        202,
        [
            AddedOut(
                url=link.line,
                id=link.post.pk if link.post else None,
                state=link.state,
                error=link.error or None,
            )
            for link in added
        ],
    )


@router.get("/posts", response={200: PostPage, 422: Refusal})
def post_list(request: HttpRequest, wanted: Query[PostFilters]) -> PostPage:
    """List posts, newest first."""
    posts = wanted.posts(request.user).defer("raw").with_num_videos()
    since = {"before": str(wanted.before)} if wanted.before is not None else {}
    page = KeysetPage.read(posts, since, size=A_PAGE)
    rows = [PostRow.of(post, **_how_far(post), num_videos=post.num_videos) for post in page.rows]
    return PostPage(posts=rows, older=page.older)


@router.get("/posts/{int:post_id}", response={200: PostDetail, 404: Refusal})
def post_detail(request: HttpRequest, post_id: int) -> PostDetail:
    """Show one post with its videos and their stored variants."""
    post = get_object_or_404(Post.objects.defer("raw").prefetch_related(VIDEOS), pk=post_id)
    withhold(request.user, post.videos.all())
    videos = [_video(video, request) for video in post.videos.all()]
    return PostDetail.of(post, **_how_far(post), num_videos=len(videos), videos=videos)


def _how_far(post: Post) -> dict[str, Any]:
    """Tell how far a post is; one whose collecting was tried again and failed says why."""
    if post.failure_kind:
        failure = Failure(kind=post.failure_kind, message=post.failure_message)
        return {"state": "failed", "failure": failure, "collected_at": post.collected_at}
    state = "collected" if post.collected_at else "waiting"
    return {"state": state, "failure": None, "collected_at": post.collected_at}


def _video(video: Video, request: HttpRequest) -> VideoRow:
    return VideoRow.of(
        video,
        [variant for variant in video.variants.all() if variant.name],
        request,
        kind=video.kind,
        split=video.split,
        quarantine=video.quarantine,
        labels=video.settlement.labels() if video.settlement else None,
    )
