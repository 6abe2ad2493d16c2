"""Asking for an export, and how the last one went."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from jobs.models import State
from labeling.days import site_day
from labeling.models import SiteSettings
from training.batches.upcoming import waiting
from training.models import ExportJob, TrainingBatch

NEWS_FOR = timedelta(hours=1)
LEFT_ALONE_FOR = timedelta(hours=6)
"""An export that failed would most likely fail again: a person should look first."""


def order_export(user: Any, *, slug: str = "", filters: Mapping[str, Any] | None = None) -> ExportJob:
    """Queue an export, or return the one that is not finished yet: there is one at a time."""
    try:
        with transaction.atomic():
            job = ExportJob.objects.create(requested_by=user, slug=slug, filters=dict(filters or {}))
    except IntegrityError:
        return ExportJob.objects.unfinished().first() or order_export(user, slug=slug, filters=filters)
    job.ring()
    return job


def export_if_due() -> ExportJob | None:
    """Queue an export if as many videos wait as an admin set, unless the last one is left to a person."""
    wanted = SiteSettings.current().export_after
    if not wanted:
        return None
    last = ExportJob.objects.order_by("-pk").first()
    if last and _is_left_alone(last):
        return None
    # No more is counted than decides it.
    num_waiting = waiting()[:wanted].count()
    return order_export(None) if num_waiting >= wanted else None


def _is_left_alone(last: ExportJob) -> bool:
    """Tell whether an export that ended so is a person's matter: it just failed, or was stopped today.

    Not "until something is settled": where people label, that is a second later.
    """
    ended_at = last.finished_at or timezone.now()
    if last.state == State.CANCELLED:
        return site_day(ended_at) == site_day(timezone.now())
    return last.state == State.FAILED and ended_at > timezone.now() - LEFT_ALONE_FOR


def export_news() -> ExportJob | None:
    """Return the newest export if it still runs, or ended a short while ago.

    One that failed is no news once a batch came after it, by the command line say.
    """
    job: ExportJob | None = ExportJob.objects.select_related("batch").order_by("-pk").first()
    if job is None or job.state == State.CANCELLED:
        return None
    if job.finished_at and job.finished_at < timezone.now() - NEWS_FOR:
        return None
    later = TrainingBatch.objects.exported().filter(frozen_at__gt=job.created_at)
    return None if job.state == State.FAILED and later.exists() else job
