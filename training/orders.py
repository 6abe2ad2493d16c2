"""Asking for an export, and how the last one went."""

from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from jobs.models import State
from training.models import ExportJob

NEWS_FOR = timedelta(hours=1)


def order_export(user: Any) -> ExportJob:
    """Queue an export, or return the one that is not finished yet: there is one at a time."""
    try:
        with transaction.atomic():
            job = ExportJob.objects.create(requested_by=user)
    except IntegrityError:
        return ExportJob.objects.unfinished().first() or order_export(user)
    job.ring()
    return job


def export_news() -> ExportJob | None:
    """Return the newest export if it still runs, or ended a short while ago."""
    job: ExportJob | None = ExportJob.objects.select_related("batch").order_by("-pk").first()
    if job is None or job.state == State.CANCELLED:
        return None
    if job.finished_at and job.finished_at < timezone.now() - NEWS_FOR:
        return None
    return job
