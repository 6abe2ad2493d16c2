import logging

from celery import shared_task

from jobs.heartbeat import kept_alive
from jobs.models import JobInterrupted, kind_of
from training import export, waiting
from training.batches import orders
from training.batches.filters import BadFilter, BatchFilters
from training.models import ExportJob, TrainingRun
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
        with kept_alive(job):
            filters = BatchFilters.from_json(job.filters)
            batch = export.export_batch(job.slug, filters=filters, created_by=job.requested_by)
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
        ExportJob.objects.filter(pk=job.pk).update(batch=batch)
        job.finish()
        figures.recount_at_once()


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
