"""Asking X whether posts are still there. What is stored of them is never touched."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import Literal

from django.db import connection
from django.db.models import QuerySet

from labeling.collecting import pausing
from labeling.collecting.config import x_settings
from labeling.collecting.errors import Deleted, Permanent, Suspended, Transient
from labeling.models import Post, XPause

THREADS = 4
AT_ONCE = 16
LOOK_AGAIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What X says of one post now. `gone`: deleted, or its account is; `unknown`: X could not be asked."""

    url: str
    x_id: str
    state: Literal["there", "gone", "unknown"]
    kind: str = ""
    message: str = ""

    def to_dict(self) -> dict[str, str]:
        return {
            "url": self.url,
            "x_id": self.x_id,
            "state": self.state,
            "kind": self.kind,
            "message": self.message,
        }


def recheck(posts: QuerySet[Post], stopping: Event) -> Iterator[Rechecked]:
    """Ask X for each post and mark those that are gone, and those that came back.

    Goes on until told to stop; waits while X is paused. What was asked is noted in the rows, so that the
    same query goes on where this ended.
    """
    ids = list(posts.values_list("pk", flat=True))
    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, len(ids), AT_ONCE):
            while XPause.current() and not stopping.is_set():
                stopping.wait(LOOK_AGAIN_SECONDS)
            if stopping.is_set():
                return
            yield from pool.map(_recheck_one, ids[start : start + AT_ONCE])


def _recheck_one(pk: int) -> Rechecked:
    try:
        return _ask(Post.objects.only("pk", "x_id", "source").get(pk=pk))
    finally:
        connection.close()


def _ask(post: Post) -> Rechecked:
    from labeling.collecting import x  # yt-dlp costs 1.7 s and 58 MB: only where it works

    try:
        x.fetch_post(post.x_id, x_settings())
    except Permanent as exc:
        is_gone = isinstance(exc, Deleted | Suspended)
        post.mark_rechecked(is_gone=is_gone)
        return Rechecked(post.url, post.x_id, "gone" if is_gone else "there", exc.kind, exc.message)
    except Transient as exc:
        pausing.consider(exc)
        return Rechecked(post.url, post.x_id, "unknown", exc.kind, str(exc))
    post.mark_rechecked(is_gone=False)
    return Rechecked(post.url, post.x_id, "there")
