"""From pasted lines to posts that will be collected: what the page, the API and the command share."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import transaction

from jobs.models import LeasedJob, LeasedJobQuerySet, State
from labeling.collecting.errors import NotAPostLink
from labeling.collecting.links import canonical_post_id
from labeling.models import AddedHow, CollectJob, Post, Variant, VariantJob, VariantState

SHOWN_OF_A_LINE = 200


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


def add_links(lines: Iterable[str], *, user: Any, how: AddedHow) -> list[AddedLink]:
    """Take each line that links to a post of X, and queue the collecting of those that are new.

    Gives an answer for each line, in their order. A post that is there, or came earlier in `lines`, is
    known: nothing is added. All are added or, on an error of the database, none.
    """
    with transaction.atomic():
        return [_add(line.strip(), user, how) for line in lines]


def _add(line: str, user: Any, how: AddedHow) -> AddedLink:
    shown = line if len(line) <= SHOWN_OF_A_LINE else f"{line[:SHOWN_OF_A_LINE]}…"
    try:
        x_id = canonical_post_id(line)
    except NotAPostLink as exc:
        return AddedLink(shown, LinkState.REFUSED, error=str(exc), reason=exc.message)
    post, is_new = Post.objects.get_or_create(x_id=x_id, defaults={"added_by": user, "added_how": how})
    if is_new:
        CollectJob.objects.create(post=post).ring()
    return AddedLink(shown, LinkState.NEW if is_new else LinkState.KNOWN, post)


@transaction.atomic
def collect_again(post: Post) -> bool:
    """Queue again what failed: asking X for the post, or the download of a variant. False if nothing did."""
    again = _retry(CollectJob.objects.filter(post=post)) + _retry(
        VariantJob.objects.filter(variant__video__post=post)
    )
    if not again:
        return False
    forgotten = {"failure_kind": "", "failure_message": ""}
    Post.objects.filter(pk=post.pk).update(**forgotten)
    failed = Variant.objects.filter(video__post=post, state=VariantState.FAILED)
    failed.update(state=VariantState.WAITING, **forgotten)
    for job in again:
        job.ring()
    return True


def _retry(jobs: LeasedJobQuerySet[Any]) -> list[LeasedJob]:
    failed = list(jobs.filter(state__in=[State.FAILED, State.CANCELLED]))
    jobs.retry()
    return failed
