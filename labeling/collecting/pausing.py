"""One pause for everybody: when X has had enough of us, or we no longer understand it, no job asks."""

from datetime import datetime, timedelta

from django.utils import timezone

from jobs.models import LeasedJob, State
from labeling.collecting.errors import ExtractorBroken, RateLimited, Transient
from labeling.models import CollectJob, VariantJob, XPause

BROKEN_IN_A_ROW = 8
"""So many different posts, one after the other, are X's doing and not a post's."""

BROKEN_PAUSE = timedelta(hours=1)
"""Each pause costs the jobs that try again behind it an attempt: all five last a working day."""


def put_off(model: type[LeasedJob], job_id: int) -> bool:
    """Move a waiting job behind the pause; False if X is not paused."""
    pause = XPause.current()
    if pause is None:
        return False
    model.objects.filter(pk=job_id, state=State.QUEUED).update(next_try_at=pause.until, enqueued_at=None)
    return True


def consider(error: Transient) -> None:
    """Pause when X said so, or when what it says is understood no more. The failed job's row is counted."""
    if isinstance(error, RateLimited):
        consider_limit(error.retry_at, reason=error.message)
    elif isinstance(error, ExtractorBroken) and _is_broken():
        XPause.start(
            timezone.now() + BROKEN_PAUSE,
            f"X has changed: yt-dlp did not understand its answers for the last {BROKEN_IN_A_ROW} posts. "
            "Update yt-dlp (`pip install -U yt-dlp`), restart the app, then end this pause.",
        )


def consider_limit(until: datetime | None, *, reason: str = "X limits how many posts may be read.") -> None:
    """Pause until X allows more, if it named a time."""
    if until is not None:
        XPause.start(until, reason)


def end() -> int:
    """End the pause: what waited for it is due at once. Return how many jobs that are."""
    pause = XPause.current()
    if pause is None:
        return 0
    XPause.objects.all().delete()
    due = {"next_try_at": timezone.now(), "enqueued_at": None}
    waiting = {"state": State.QUEUED, "next_try_at__gt": timezone.now(), "next_try_at__lte": pause.until}
    return sum(model.objects.filter(**waiting).update(**due) for model in (CollectJob, VariantJob))


def _is_broken() -> bool:
    """Tell whether the posts asked for last all met an extractor that does not understand X.

    A post is one row, however often it was tried; those being asked now have not spoken yet.
    """
    asked = CollectJob.objects.exclude(started_at=None).exclude(state=State.RUNNING)
    last = list(asked.order_by("-started_at").values_list("failure_kind", flat=True)[:BROKEN_IN_A_ROW])
    return last == [ExtractorBroken.kind] * BROKEN_IN_A_ROW
