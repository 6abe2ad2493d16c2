"""How far a post is, in words: what the list, its page and the answer to a pasted link say."""

from collections import Counter
from dataclasses import dataclass

from django.utils import timezone

from jobs.models import State
from labeling.models import CollectJob, Post, PostSource, VariantState


@dataclass(frozen=True, slots=True)
class Status:
    """One line with its tone; `is_going`: it changes by itself; `can_retry`: asking again may help."""

    tone: str
    words: str
    detail: str = ""
    is_going: bool = False
    can_retry: bool = False


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
        when = timezone.localtime(job.next_try_at)
        words = f"Trying again at {when:%H:%M}, tried {job.attempts} of {job.max_attempts} times"
        return Status("warn", words, job.failure_message, is_going=True)
    return Status("busy", "Waiting to be collected", is_going=True)


def _of_variants(post: Post) -> Status:
    states = Counter(variant.state for video in post.videos.all() for variant in video.variants.all())
    stored, total = states[VariantState.STORED], states.total()
    if states[VariantState.WAITING]:
        return Status("busy", f"Storing, {stored} of {total} variants", is_going=True)
    if states[VariantState.FAILED]:
        return Status("warn", f"{stored} of {total} variants stored", can_retry=True)
    if not total:
        return Status("", "No video")
    return Status("yes", "Imported" if post.source == PostSource.IMPORT else "Stored")
