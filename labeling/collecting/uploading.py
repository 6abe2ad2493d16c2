"""From the rows of an uploaded CSV to posts that will be collected, and labels that will count."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from labeling.collecting import brought, withdrawn
from labeling.collecting.adding import AddedLink, AddedPosts, LinkState, add_posts, read_link
from labeling.collecting.errors import NotAPostLink, Withdrawn
from labeling.collecting.uploads import Row
from labeling.models import AddedHow, Post, PostSource, Video

NOT_TAKEN = "Not taken: other rows are wrong."


def add_rows(rows: list[Row], *, user: Any, is_all_or_none: bool) -> list[AddedLink]:
    """Take the rows that are good, each with its answer; with `is_all_or_none` none if any is bad.

    The labels of a row count once its post's only video is stored, unless somebody has judged it.
    """
    links = {row.at: read_link(row.url)[1] for row in rows if row.url}
    clips = _clips(row.file for row in rows if row.file)
    wrong = {row.at: reason for row in rows if (reason := _wrong(row, links, clips))}
    if is_all_or_none and wrong:
        return [_refused(row, wrong.get(row.at, NOT_TAKEN)) for row in rows]
    with transaction.atomic():
        added = add_posts(_facts(rows, links, wrong, user), user=user, how=AddedHow.CSV)
        return [
            _refused(row, wrong[row.at]) if row.at in wrong else _take(row, links, clips, added, user)
            for row in rows
        ]


def _clips(names: Iterable[str]) -> dict[str, list[Post]]:
    """Return the imported clips by the name of their file; two files may have had one name."""
    found: dict[str, list[Post]] = {}
    for post in Post.objects.filter(source=PostSource.IMPORT, metadata__file__in=list(names)).defer("raw"):
        found.setdefault(str(post.metadata["file"]), []).append(post)
    return found


def _wrong(row: Row, links: Mapping[int, str | NotAPostLink], clips: Mapping[str, list[Post]]) -> str:
    """Return why a row cannot be taken; nothing if it can."""
    link = links.get(row.at)
    if row.error or isinstance(link, NotAPostLink):
        return row.error or str(link)
    if row.file and len(clips.get(row.file, [])) != 1:
        how_many = "Several imported clips are" if row.file in clips else "No imported clip is"
        return f"{how_many} called {row.file}. Import clips with `manage.py import_videos DIR --labels CSV`."
    return ""


def _facts(
    rows: list[Row], links: Mapping[int, str | NotAPostLink], wrong: Mapping[int, str], user: Any
) -> dict[str, dict[str, Any]]:
    """Return what is to be known of each post; of two links to one post the first row's."""
    facts: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row.url and row.at not in wrong:
            said = brought.keep(row.labels, row.evidence, user)
            facts.setdefault(str(links[row.at]), {"metadata": row.facts.metadata, "brought": said})
    return facts


def _take(
    row: Row,
    links: Mapping[int, str | NotAPostLink],
    clips: Mapping[str, list[Post]],
    added: AddedPosts,
    user: Any,
) -> AddedLink:
    post, state = added.take(str(links[row.at])) if row.url else (clips[row.file][0], LinkState.KNOWN)
    told = ""
    if state == LinkState.KNOWN and (said := brought.keep(row.labels, row.evidence, user)):
        told = _bring(post, said)
    return AddedLink(row.name, state, post, note=told)


def _bring(post: Post, said: dict[str, Any]) -> str:
    """Let a row's labels count for a post that was there; return in words whether they do."""
    try:
        withdrawn.lock_post(post)
    except Withdrawn:
        return "Its labels were left out: it was withdrawn."
    Post.objects.filter(pk=post.pk).update(brought=said)
    videos = list(Video.objects.ready().filter(post=post))
    if not videos and post.collected_at is None:
        return "Its labels will count once it is stored."
    if any(brought.settle(video) for video in videos):
        return "Its labels count now."
    return "Its labels were left out: it has several videos, or somebody has judged it."


def _refused(row: Row, reason: str) -> AddedLink:
    return AddedLink(f"line {row.at}: {row.name[:200]}", LinkState.REFUSED, error=reason, reason=reason)
