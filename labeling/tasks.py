"""Collecting, as Celery tasks. Each claims its row, calls one function, records the outcome."""

import logging

from celery import shared_task

from jobs.heartbeat import kept_alive
from jobs.models import JobInterrupted
from labeling import idempotency, storage
from labeling.collecting import pausing
from labeling.collecting.config import x_settings
from labeling.collecting.errors import Permanent, Transient
from labeling.models import CollectJob, VariantJob

logger = logging.getLogger(__name__)

PART_KEPT_SECONDS = 24 * 3600


@shared_task(ignore_result=True)
def collect_post(job_id: int) -> None:
    """Ask X for one post. Safe to deliver twice: only one claim wins."""
    if pausing.put_off(CollectJob, job_id):
        return
    job = CollectJob.objects.claim(job_id)
    if job is not None:
        run_collect(job)


@shared_task(ignore_result=True)
def store_variant(job_id: int) -> None:
    """Download one variant. Safe to deliver twice: only one claim wins."""
    if pausing.put_off(VariantJob, job_id):
        return
    job = VariantJob.objects.claim(job_id)
    if job is not None:
        run_store(job)


@shared_task(ignore_result=True)
def sweep_parts() -> None:
    """Remove what downloads left that nobody went on with for a day, and what purges left undeleted."""
    from labeling.collecting import parts, removing

    parts.sweep(storage.temporary_folder(), older_than_seconds=PART_KEPT_SECONDS)
    try:
        removing.remove()
    except OSError as exc:
        logger.warning("Purged files are still there, and are tried again in an hour: %s", exc)


@shared_task(ignore_result=True)
def forget_replies() -> None:
    """Forget the replies to requests that nobody sends again."""
    idempotency.forget_old()


def run_collect(job: CollectJob) -> None:
    """Do a claimed collect job and record how it ended; the job tells its post."""
    from labeling.collecting import recording, x  # yt-dlp costs 1.7 s and 58 MB: only where it works

    try:
        with kept_alive(job) as pulse:
            info = x.fetch_post(job.post.x_id, x_settings())
            pulse.check()
            recording.record_post(job.post, info)
    except Permanent as exc:
        job.fail(exc)
    except Transient as exc:
        job.retry_later(exc, at=exc.retry_at)
        pausing.consider(exc)
    except JobInterrupted:
        return
    else:
        pausing.consider_limit(info.limited_until)
        job.finish()


def run_store(job: VariantJob) -> None:
    """Do a claimed download and record how it ended; the job tells its variant."""
    from labeling.collecting import fetching

    try:
        fetching.fetch_variant(job)
    except Permanent as exc:
        job.fail(exc)
    except Transient as exc:
        pausing.consider(exc)
        job.retry_later(exc, at=exc.retry_at)
    except JobInterrupted:
        return
    else:
        job.finish()
