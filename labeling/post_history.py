"""What happened to a post, in order, read from its rows: the page of a post ends with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from jobs.models import State
from labeling.models import CollectJob, Post, PostSource, VariantState


@dataclass(frozen=True, slots=True)
class Event:
    at: datetime
    words: str


def history_of(post: Post) -> list[Event]:
    """Return the events of a post whose job and variants are loaded, the oldest first."""
    return sorted([*_asked(post), *_stored(post), *_looked_again(post)], key=lambda event: event.at)


def _asked(post: Post) -> Iterator[Event]:
    by = f" by {post.added_by.username}" if post.added_by else ""
    yield Event(post.created_at, f"Added{by}")
    job: CollectJob | None = getattr(post, "job", None)
    if job and job.started_at:
        times = f", attempt {job.attempts}" if job.attempts > 1 else ""
        yield Event(job.started_at, f"Asked X{times}")
    if post.collected_at:
        is_import = post.source == PostSource.IMPORT
        yield Event(post.collected_at, "Imported" if is_import else _read(post))
    if job and job.finished_at and job.state in (State.FAILED, State.CANCELLED):
        yield Event(job.finished_at, "Stopped" if job.state == State.CANCELLED else "Given up")


def _read(post: Post) -> str:
    num_videos = len(post.videos.all())
    num_variants = sum(len(video.variants.all()) for video in post.videos.all())
    return f"Read: {_counted(num_videos, 'video')} in {_counted(num_variants, 'encoding')}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _stored(post: Post) -> Iterator[Event]:
    """Yield when the last file was stored, or, while some are missing, the first."""
    variants = [variant for video in post.videos.all() for variant in video.variants.all()]
    times = sorted(variant.stored_at for variant in variants if variant.stored_at)
    if times and all(variant.state == VariantState.STORED for variant in variants):
        yield Event(times[-1], "Every file stored")
    elif times:
        yield Event(times[0], "First file stored")


def _looked_again(post: Post) -> Iterator[Event]:
    if post.deleted_on_x_at:
        yield Event(post.deleted_on_x_at, "Gone from X; what is stored stays")
    if post.rechecked_at and not post.deleted_on_x_at:
        yield Event(post.rechecked_at, "Still on X")
