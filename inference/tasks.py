from celery import shared_task

from inference.models import PredictJob
from inference.registry import queue_pending as queue_pending_predictions


@shared_task(ignore_result=True)
def predict_video(job_id: int) -> None:
    """Judge one video. Safe to deliver twice: only one claim wins."""
    job = PredictJob.objects.claim(job_id)
    if job is not None:
        run(job)


@shared_task(ignore_result=True)
def queue_pending() -> None:
    """Queue what became ready since the last call."""
    queue_pending_predictions()


def run(job: PredictJob) -> bool:
    """Do a claimed job and record how it ended; True if it is done."""
    from inference import runner
    from jobs.models import JobInterrupted

    try:
        runner.predict(job.video, job.model, on_frameset=lambda done, total: job.beat(done / total))
    except JobInterrupted:
        return False
    except runner.PredictionFailed as exc:
        job.fail(exc)
        return False
    return job.finish()
