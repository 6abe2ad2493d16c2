from celery import shared_task

from jobs import sweep as sweeping


@shared_task(ignore_result=True)
def sweep() -> None:
    """Ring for due jobs. Celery's beat calls this in production, `manage.py up` in the embedded process."""
    sweeping.sweep()
