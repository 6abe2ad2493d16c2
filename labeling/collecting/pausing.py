"""One pause for everybody: when X has had enough of us, no job asks until it is over."""

from datetime import datetime

from jobs.models import LeasedJob, State
from labeling.collecting.errors import RateLimited, Transient
from labeling.models import XPause


def put_off(model: type[LeasedJob], job_id: int) -> bool:
    """Move a waiting job behind the pause; False if X is not paused."""
    pause = XPause.current()
    if pause is None:
        return False
    model.objects.filter(pk=job_id, state=State.QUEUED).update(next_try_at=pause.until, enqueued_at=None)
    return True


def consider(error: Transient) -> None:
    """Pause when X said so."""
    if isinstance(error, RateLimited):
        consider_limit(error.retry_at, reason=error.message)


def consider_limit(until: datetime | None, *, reason: str = "X limits how many posts may be read.") -> None:
    """Pause until X allows more, if it named a time."""
    if until is not None:
        XPause.start(until, reason)
