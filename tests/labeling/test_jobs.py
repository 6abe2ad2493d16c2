"""A job that ends undone says so to its post or variant: nothing waits for a job that nobody does."""

import pytest
from django.utils import timezone

from jobs import sweep
from jobs.models import LEASE
from labeling.collecting.errors import MediaGone, NetworkError
from labeling.models import CollectJob, Post, Variant, VariantJob
from labeling.statuses import status_of
from tests.factories import make_job, make_post, make_variant, make_video

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def variant_job(**fields: object) -> VariantJob:
    """Make the job of a variant that is still to come, of a post that has been read."""
    post = make_post()
    make_job(post=post, state="done")
    variant = make_variant(make_video(post=post, is_ready=False), is_stored=False)
    job: VariantJob = VariantJob.objects.create(variant=variant, **fields)
    return job


def running(**fields: object) -> dict[str, object]:
    return {"state": "running", "owner": "a", "attempts": 1, "lease_until": timezone.now() + LEASE} | fields


def told(job: VariantJob) -> tuple[str, str]:
    variant = Variant.objects.get(job=job)
    return variant.state, variant.failure_kind


def test_failed_download_says_why() -> None:
    job = variant_job(**running())

    job.fail(MediaGone("X answers 404."))

    variant = Variant.objects.get()
    assert (variant.state, variant.failure_kind) == ("failed", "gone")
    assert "Collect the post again" in variant.failure_message


def test_download_that_is_tried_again_waits() -> None:
    job = variant_job(**running())

    job.retry_later(NetworkError("The connection broke."))

    assert told(job) == ("waiting", "")


def test_download_without_attempts_left_has_failed() -> None:
    job = variant_job(**running(attempts=5))

    job.retry_later(NetworkError("The connection broke."))

    assert told(job) == ("failed", "network")


def test_worker_that_lost_its_lease_says_nothing() -> None:
    job = variant_job(**running())
    VariantJob.objects.update(owner="b")

    assert not job.fail(MediaGone("X answers 404."))

    assert told(job) == ("waiting", "")


def test_stored_variant_does_not_fail_any_more() -> None:
    job = variant_job(**running())
    variant = make_variant(make_video())
    VariantJob.objects.update(variant=variant)

    job.fail(NetworkError("A late second download."))

    assert told(job) == ("stored", "")


def test_download_whose_worker_always_dies_has_failed() -> None:
    job = variant_job(**running(attempts=5, lease_until=timezone.now() - LEASE))

    sweep.sweep()

    assert told(job) == ("failed", "worker_died")
    assert "worker's log" in Variant.objects.get().failure_message


def test_post_whose_worker_always_dies_has_failed() -> None:
    job = make_job(minutes_left=-1, attempts=5)

    sweep.sweep()

    post = Post.objects.get(job=job)
    assert post.failure_kind == "worker_died"
    assert status_of(post).can_retry


def test_stopped_download_is_not_waited_for() -> None:
    job = variant_job()

    VariantJob.objects.all().cancel()

    assert told(job) == ("failed", "cancelled")


def test_stopped_post_is_not_waited_for() -> None:
    make_job()

    CollectJob.objects.all().cancel()

    assert not Post.objects.waiting().exists()
    assert Post.objects.get().failure_kind == "cancelled"


def test_post_that_was_read_stays_so_when_another_reading_is_stopped() -> None:
    make_job(post=make_post())

    CollectJob.objects.all().cancel()

    assert Post.objects.get().failure_kind == ""


@pytest.mark.parametrize("kind", ["cancelled", "worker_died"])
def test_download_that_is_wanted_again_waits(kind: str) -> None:
    job = variant_job(state="failed")
    Variant.objects.update(state="failed", failure_kind=kind, failure_message="It is not done.")

    VariantJob.objects.all().retry()

    assert told(job) == ("waiting", "")


def test_post_that_is_wanted_again_waits() -> None:
    make_job(state="failed", post=make_post(collected_at=None, failure_kind="worker_died"))

    CollectJob.objects.all().retry()

    assert Post.objects.waiting().exists()
