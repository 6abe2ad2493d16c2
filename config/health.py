"""Whether this process lives, and whether it can work: what a load balancer and a person ask."""

import logging
from collections.abc import Callable

from celery import current_app
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from jobs import workers
from labeling import storage

logger = logging.getLogger(__name__)

BROKEN = "broken; the log says why"
NEEDED_QUEUES = ("collect", "export")
"""Inference and training are done where there is a GPU, by hand, or not at all."""


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers, whatever else is broken: restarting it would mend nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Say of each thing we need whether it works; 503 if one does not.

    Only what broke is told: the reason may name hosts and is in the log.
    """
    found = {name: _ask(name, check) for name, check in CHECKS.items()}
    found["workers"] = _ask_for_workers() if found["database"] == "ok" else BROKEN
    return JsonResponse(found, status=200 if set(found.values()) == {"ok"} else 503)


def _ask(name: str, check: Callable[[], None]) -> str:
    try:
        check()
    except _refusals() as exc:
        logger.warning("Not ready: the %s does not work: %s", name, exc)
        return BROKEN
    return "ok"


def _ask_for_workers() -> str:
    missing = [queue for queue in NEEDED_QUEUES if not workers.living()[queue]]
    return f"nobody works on {', '.join(missing)}" if missing else "ok"


def _refusals() -> tuple[type[Exception], ...]:
    """Return what the things we ask raise when they are broken."""
    if storage.is_local():
        return DatabaseError, OperationalError, OSError
    # Installed where there is a bucket.
    from botocore.exceptions import BotoCoreError, ClientError

    return DatabaseError, OperationalError, OSError, BotoCoreError, ClientError


def _check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _check_broker() -> None:
    with current_app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, timeout=3)


def _check_storage() -> None:
    """Write where files grow; of a bucket, ask for a name that need not be there."""
    if storage.is_local():
        probe = storage.temporary_folder() / "readyz"
        probe.touch()
        probe.unlink(missing_ok=True)
    else:
        default_storage.exists("readyz")


CHECKS: dict[str, Callable[[], None]] = {
    "database": _check_database,
    "broker": _check_broker,
    "storage": _check_storage,
}
