"""The Celery application. `celery -A config worker -Q collect` finds it as `config.celery.app`."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init, worker_ready

from config.memory import use_few_arenas

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("cakelens")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Without this, threads other than the one that imported the app see Celery's default app: tasks are
# received and silently never run (embedded process, threaded gunicorn).
app.set_default()


@worker_init.connect
def _save_memory(**_: object) -> None:
    """Before the pool has threads: one that has its arena keeps it."""
    use_few_arenas()


@worker_ready.connect
def _show(sender: Any, **_: object) -> None:
    """Let `/readyz` see this worker. The embedded process has none of these, and shows itself."""
    from jobs import workers

    workers.show(sender.app.amqp.queues.consume_from)
