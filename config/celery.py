"""The Celery application. `celery -A config worker -Q collect` finds it as `config.celery.app`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("cakelens")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Without this, threads other than the one that imported the app see Celery's default app: tasks are
# received and silently never run (embedded process, threaded gunicorn).
app.set_default()
