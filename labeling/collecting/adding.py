"""From pasted lines to posts that will be collected: what the page, the API and the command share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import transaction

from labeling.collecting.errors import NotAPostLink
from labeling.collecting.links import canonical_post_id
from labeling.models import AddedHow, CollectJob, Post

SHOWN_OF_A_LINE = 200
RUNG_AT_ONCE = 50
"""Workers are told of so many new posts right away; of the rest by the sweep, while these keep them busy."""


class LinkState(StrEnum):
    NEW = "new"
    KNOWN = "known"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class AddedLink:
    """What became of one line. `error` says what is wrong and what to paste, `reason` only what is wrong."""

    line: str
    state: LinkState
    post: Post | None = None
    error: str = ""
    reason: str = ""
    note: str = ""


def add_links(lines: Iterable[str], *, user: Any, how: AddedHow) -> list[AddedLink]:
    """Take each line that links to a post of X, and queue the collecting of those that are new.

    Gives an answer for each line, in their order. A post that is there, or came earlier in `lines`, is
    known: nothing is added. All are added or, on an error of the database, none.
    """
    read = [read_link(line) for line in lines]
    added = add_posts({x_id: {} for _, x_id in read if isinstance(x_id, str)}, user=user, how=how)
    return [_answer(shown, x_id, added) for shown, x_id in read]


def read_link(line: str) -> tuple[str, str | NotAPostLink]:
    """Return a line, cut to what is shown of it, with the post's id or why there is none."""
    line = line.strip()
    shown = line if len(line) <= SHOWN_OF_A_LINE else f"{line[:SHOWN_OF_A_LINE]}…"
    try:
        return shown, canonical_post_id(line)
    except NotAPostLink as exc:
        return shown, exc


@dataclass(slots=True)
class AddedPosts:
    """Posts by X's id, and which of them are new and were not told of yet."""

    posts: dict[str, Post]
    new: set[str]

    def take(self, x_id: str) -> tuple[Post, LinkState]:
        """Return a post and whether it is new: only the first who asks hears that."""
        is_new = x_id in self.new
        self.new.discard(x_id)
        return self.posts[x_id], LinkState.NEW if is_new else LinkState.KNOWN


@transaction.atomic
def add_posts(facts: Mapping[str, Mapping[str, Any]], *, user: Any, how: AddedHow) -> AddedPosts:
    """Add those posts that are not there, with what is known of each, and queue their collecting.

    As many queries for a thousand as for one. Two who add the same post at once get one.
    """
    there = set(Post.objects.filter(x_id__in=facts).values_list("x_id", flat=True))
    new = sorted(facts.keys() - there)  # in one order, so that two who add the same wait, and do not lock up
    Post.objects.bulk_create(
        [Post(x_id=x_id, added_by=user, added_how=how, **facts[x_id]) for x_id in new],
        ignore_conflicts=True,
        batch_size=500,
    )
    posts = {post.x_id: post for post in Post.objects.filter(x_id__in=facts).defer("raw")}
    _queue([posts[x_id] for x_id in new])
    return AddedPosts(posts, set(new))


def _queue(posts: list[Post]) -> None:
    jobs = [CollectJob(post=post) for post in posts]
    CollectJob.objects.bulk_create(jobs, ignore_conflicts=True, batch_size=500)
    first = [post.pk for post in posts[:RUNG_AT_ONCE]]
    for job in CollectJob.objects.filter(post__in=first):
        job.ring()


def _answer(shown: str, x_id: str | NotAPostLink, added: AddedPosts) -> AddedLink:
    if isinstance(x_id, NotAPostLink):
        return AddedLink(shown, LinkState.REFUSED, error=str(x_id), reason=x_id.message)
    post, state = added.take(x_id)
    return AddedLink(shown, state, post)
