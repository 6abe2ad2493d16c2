"""What Prometheus reads of work that waits."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries

from jobs import workers
from labeling.models import XPause
from tests.factories import make_job

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def read(client: Client) -> dict[tuple[str, ...], float]:
    """Return what is told, by name and labels."""
    text = client.get("/metrics").content.decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


def test_unfinished_jobs_are_counted(client: Client) -> None:
    for state in ("queued", "queued", "done"):
        make_job(state=state)
    make_job(minutes_left=1)

    told = read(client)

    assert told["cakelens_jobs", "CollectJob", "queued"] == 2
    assert told["cakelens_jobs", "CollectJob", "running"] == 1
    assert ("cakelens_jobs", "CollectJob", "done") not in told


def test_oldest_due_job_says_how_long_it_waits(client: Client) -> None:
    make_job(next_try_at=timezone.now() - timedelta(minutes=10))

    told = read(client)

    assert told["cakelens_job_waiting_seconds", "CollectJob"] >= 600
    assert told["cakelens_job_waiting_seconds", "VariantJob"] == 0


def test_workers_are_counted_by_queue(client: Client) -> None:
    workers.beat(["collect"])

    assert read(client)["cakelens_workers", "collect"] == 1


@pytest.mark.parametrize("is_paused", [False, True])
def test_pause_of_x_is_told(is_paused: bool, client: Client) -> None:
    if is_paused:
        XPause.start(timezone.now() + timedelta(hours=1), "X limits how many posts may be read.")

    assert read(client)["cakelens_x_paused",] == is_paused


def test_metrics_cost_the_same_queries_however_much_waits(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        make_job()

    with django_assert_num_queries(12):
        client.get("/metrics")
