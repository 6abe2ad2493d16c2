"""Telling workers that a row is due. Nothing is lost when the bell is broken: the sweeper rings again."""

import logging

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# In the embedded process these run in a child process, which the in-memory broker cannot reach: it
# looks into the database by itself.
POLLED_WHEN_EMBEDDED = ("inference.tasks.predict_video", "training.tasks.train_batch")


def ring(task_name: str, pk: int) -> None:
    """Send the task that does job `pk`, or log that the broker is away."""
    if settings.IS_EMBEDDED and task_name in POLLED_WHEN_EMBEDDED:
        return
    try:
        current_app.send_task(task_name, args=[pk], retry=False)
    except OperationalError as exc:
        logger.warning("The broker is away (%s); the sweeper will ring for %s(%s).", exc, task_name, pk)
