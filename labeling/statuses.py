"""How far a post is, in words: what the list, its page and the answer to a pasted link say."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import time_format

from jobs.models import State
from labeling.models import CollectJob, Post, PostSource, Variant, VariantJob, VariantState


@dataclass(frozen=True, slots=True)
class Status:
    """One line with its tone; `is_going`: it changes by itself; `can_retry`: asking again may help.

    `share`: how much of it is there, 0 to 1, where that is known.
    """

    tone: str
    words: str
    detail: str = ""
    is_going: bool = False
    can_retry: bool = False
    share: float | None = None


def status_of(post: Post) -> Status:
    """Tell how far `post` is. Its job and its videos' variants should be loaded."""
    job: CollectJob | None = getattr(post, "job", None)
    if job and job.state in (State.QUEUED, State.RUNNING):
        return _of_job(job)
    if post.failure_kind:
        words = post.failure_kind.replace("_", " ").capitalize()
        return Status("wrong", words, post.failure_message, can_retry=bool(job))
    if post.collected_at is None:
        return Status("", "Not collected", can_retry=bool(job))
    found = _of_variants(post)
    if post.deleted_on_x_at:
        return Status(
            "warn", "Deleted on X", "Its stored variants are kept.", found.is_going, found.can_retry
        )
    return found


def _of_job(job: CollectJob) -> Status:
    if job.state == State.RUNNING:
        return Status("busy", "Asking X", is_going=True)
    if job.failure_message:
        words = f"Trying again {_when(job.next_try_at)}, tried {job.attempts} of {job.max_attempts} times"
        return Status("warn", words, job.failure_message, is_going=True)
    return Status("busy", "Waiting to be collected", is_going=True)


def _when(next_try_at: datetime) -> str:
    """Say when a worker takes a job up; one that is due waits for nothing else."""
    if next_try_at <= timezone.now():
        return "as soon as a worker is free"
    return f"at {time_format(timezone.localtime(next_try_at))}"


def _of_variants(post: Post) -> Status:
    states = Counter(variant.state for video in post.videos.all() for variant in video.variants.all())
    stored, total = states[VariantState.STORED], states.total()
    if states[VariantState.WAITING]:
        words = f"Storing, {stored} of {total} variants"
        return Status("busy", words, _why_late(post), is_going=True, share=_share(post))
    if states[VariantState.FAILED]:
        return Status("warn", f"{stored} of {total} variants stored", can_retry=True)
    if not total:
        return Status("", "No video")
    return Status("yes", "Imported" if post.source == PostSource.IMPORT else "Stored")


def _share(post: Post) -> float:
    """Return how much of a post's variants is there; of one that is downloading, its share."""
    variants = [variant for video in post.videos.all() for variant in video.variants.all()]
    return sum(_stored(variant) for variant in variants) / len(variants)


def _stored(variant: Variant) -> float:
    job: VariantJob | None = getattr(variant, "job", None)
    if variant.state == VariantState.STORED:
        return 1.0
    return job.progress if job and job.state == State.RUNNING else 0.0


def _why_late(post: Post) -> str:
    """Return why a download of the post is tried again, if one is."""
    for video in post.videos.all():
        for variant in video.variants.all():
            job: VariantJob | None = getattr(variant, "job", None)
            if variant.state == VariantState.WAITING and job and job.failure_message:
                return job.failure_message
    return ""
