"""A worker that is killed lets go of its job when its lease runs out."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from jobs.models import State
from labeling.models import CollectJob
from tests.factories import make_job

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.embedded]

WORKER = """
import sys, time, django
django.setup()
from labeling.models import CollectJob
job = CollectJob.objects.claim(int(sys.argv[1]))
job.beat(0.5)
print(job.owner, flush=True)
time.sleep(600)
"""


def database_url() -> str:
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    password = f":{values['PASSWORD']}" if values["PASSWORD"] else ""
    return f"postgres://{values['USER']}{password}@{values['HOST']}:{values['PORT']}/{values['NAME']}"


@pytest.fixture
def worker() -> Iterator[tuple[CollectJob, "subprocess.Popen[str]"]]:
    """A job and the process that holds its claim."""
    job = make_job()
    environment = os.environ | {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "config.settings"}
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(job.pk)],
        env=environment,
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip()
    yield job, process
    process.stdout.close()
    process.kill()
    process.wait()


def test_killed_worker_loses_its_claim_when_the_lease_runs_out(
    worker: tuple[CollectJob, "subprocess.Popen[str]"],
) -> None:
    job, process = worker

    process.send_signal(signal.SIGKILL)
    process.wait()
    at_once = CollectJob.objects.claim(job.pk)
    CollectJob.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    later = CollectJob.objects.claim(job.pk)

    assert at_once is None
    assert later is not None
    assert (later.state, later.attempts, later.progress) == (State.RUNNING, 2, 0.5)
    assert later.finish()
