import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from celery import shared_task
from django.db import connection, connections

from jobs.heartbeat import kept_alive
from jobs.models import JobInterrupted, State, kind_of
from training import export, waiting
from training.batches import orders
from training.batches.filters import BadFilter, BatchFilters
from training.models import ExportJob, TrainingBatch, TrainingRun
from training.pages import figures

logger = logging.getLogger(__name__)


@shared_task(name="training.tasks.export_batch", ignore_result=True)
def export_batch(job_id: int) -> None:
    """Export a batch. Safe to deliver twice: only one claim wins."""
    job = ExportJob.objects.claim(job_id)
    if job is not None:
        run_export(job)


def run_export(job: ExportJob) -> None:
    """Do a claimed export and record how it ended."""
    try:
        with kept_alive(job), _asked_beside(job) as check:
            check()
            filters = BatchFilters.from_json(job.filters)
            batch = export.export_batch(job.slug, filters=filters, created_by=job.requested_by, check=check)
    except export.ExportHindered as exc:
        job.retry_later(exc)
    except (export.ExportError, BadFilter) as exc:
        job.fail(exc)
    except JobInterrupted:
        return
    except Exception as exc:
        # A fault of ours would be the same at each try: nobody should wait for the last of them.
        logger.exception("Export %s broke off.", job.pk)
        job.fail(_broken_off(exc), kind=kind_of(exc))
    else:
        _end(job, batch)
        figures.recount_at_once()


@contextmanager
def _asked_beside(job: ExportJob) -> Iterator[Callable[[], None]]:
    """Give what raises if somebody stopped `job`, in the midst of its transaction.

    It asks on a connection of its own: the export's sees one moment only. SQLite lets nobody write beside an
    export, so nobody can stop one there once it has begun.
    """

    def check() -> None:
        if connection.vendor == "postgresql" or not connection.in_atomic_block:
            pool.submit(job.beat).result()

    with ThreadPoolExecutor(1) as pool:
        try:
            yield check
        finally:
            pool.submit(connections.close_all).result()


def _end(job: ExportJob, batch: TrainingBatch) -> None:
    """Close the job as done: the batch is there, though somebody may have stopped it too late for that."""
    ExportJob.objects.filter(pk=job.pk).update(batch=batch)
    if not job.finish():
        stopped = ExportJob.objects.filter(pk=job.pk, owner=job.owner, state=State.CANCELLED)
        stopped.update(state=State.DONE, progress=1.0)


def _broken_off(error: Exception) -> export.ExportError:
    what = f"{type(error).__name__}: {error}".rstrip(".: ")
    return export.ExportError(
        f"The export broke off: {what}. Nothing was exported; the worker's log says where."
    )


@shared_task(name="training.tasks.look_after_growth", ignore_result=True)
def look_after_growth() -> None:
    """Keep the growth page's figures fresh, and export by itself where an admin wants that."""
    figures.recount_if_due()
    orders.export_if_due()


@shared_task(name="training.tasks.train_batch", ignore_result=True)
def train_batch(run_id: int) -> None:
    """Train on a batch. Safe to deliver twice: only one claim wins."""
    run = TrainingRun.objects.claim(run_id)
    if run is not None:
        waiting.train(run)
