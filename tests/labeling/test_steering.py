"""Trying again what failed, and stopping what has not come."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.models import LEASE
from labeling.collecting import steering
from labeling.models import CollectJob, Post, Variant, VariantJob
from labeling.statuses import status_of
from tests.factories import make_job, make_post, make_variant, make_video

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def retry_one(post: Post) -> int:
    return steering.retry(Post.objects.filter(pk=post.pk))


def waiting_variant(**fields: object) -> Variant:
    """Return a variant that is still to come, of a post that has been read; its job has `fields`."""
    post = make_post(collected_at=timezone.now())
    make_job(post=post, state="done")
    variant = make_variant(make_video(post=post), is_stored=False)
    VariantJob.objects.create(variant=variant, **fields)
    return variant


def test_retry_queues_a_failed_post() -> None:
    post = make_post(collected_at=None, failure_kind="protected", failure_message="Protected.")
    make_job(post=post, state="failed", attempts=5, failure_kind="protected")

    num_queued = retry_one(post)

    post.refresh_from_db()
    assert num_queued == 1
    assert (post.failure_kind, post.job.state, post.job.attempts) == ("", "queued", 0)


def test_retry_queues_only_the_variants_that_failed() -> None:
    video = make_video()
    stored = video.variants.get()
    failed = make_variant(video, is_stored=False, state="failed", failure_kind="gone")
    VariantJob.objects.create(variant=stored, state="done")
    VariantJob.objects.create(variant=failed, state="failed")

    num_queued = retry_one(video.post)

    failed.refresh_from_db()
    assert num_queued == 1
    assert (failed.state, failed.failure_kind) == ("waiting", "")
    assert [job.variant for job in VariantJob.objects.unfinished()] == [failed]


def test_retry_does_nothing_where_nothing_failed() -> None:
    job = make_job(state="done", attempts=1)

    num_queued = retry_one(job.post)

    job.refresh_from_db()
    assert num_queued == 0
    assert job.state == "done"


def test_retry_leaves_what_was_withdrawn() -> None:
    video = make_video(is_withdrawn=True)
    purged = make_variant(video, is_stored=False, state="failed", failure_kind="purged")
    VariantJob.objects.create(variant=purged, state="failed")

    num_queued = retry_one(video.post)

    purged.refresh_from_db()
    assert num_queued == 0
    assert (purged.state, purged.failure_kind) == ("failed", "purged")


def test_retry_of_all_that_match_leaves_the_others() -> None:
    jobs = {
        handle: make_job(
            post=make_post(author_handle=handle, collected_at=None, failure_kind="protected"), state="failed"
        )
        for handle in ("ana", "bob")
    }

    num_queued = steering.retry(Post.objects.failed().by_author("@Ana"))

    assert num_queued == 1
    assert CollectJob.objects.unfinished().get() == jobs["ana"]


def test_cancel_stops_what_waits_to_be_asked() -> None:
    job = make_job()

    num_stopped = steering.cancel(Post.objects.waiting())

    job.refresh_from_db()
    job.post.refresh_from_db()
    assert num_stopped == 1
    assert (job.state, job.post.failure_kind) == ("cancelled", "cancelled")
    assert status_of(job.post).can_retry


def test_cancel_stops_a_download_and_keeps_what_is_stored() -> None:
    variant = waiting_variant()
    stored = Variant.objects.stored().get(video=variant.video)

    num_stopped = steering.cancel(Post.objects.storing())

    variant.refresh_from_db()
    stored.refresh_from_db()
    assert num_stopped == 1
    assert (variant.state, variant.failure_kind, stored.state) == ("failed", "cancelled", "stored")
    assert not status_of(variant.video.post).is_going


def test_cancel_asks_a_running_download_to_stop() -> None:
    variant = waiting_variant(state="running", lease_until=timezone.now() + LEASE)

    steering.cancel(Post.objects.all())

    assert VariantJob.objects.get(variant=variant).is_cancel_requested


def test_what_was_cancelled_can_be_tried_again() -> None:
    variant = waiting_variant()
    steering.cancel(Post.objects.all())

    num_queued = steering.retry(Post.objects.incomplete())

    variant.refresh_from_db()
    assert num_queued == 1
    assert (variant.state, variant.failure_kind) == ("waiting", "")
    assert VariantJob.objects.due(timezone.now() + timedelta(seconds=1)).count() == 1


def test_download_that_has_not_stopped_yet_goes_on() -> None:
    variant = waiting_variant(state="running", lease_until=timezone.now() + LEASE)
    steering.cancel(Post.objects.all())

    num_going = steering.retry(Post.objects.all())

    variant.refresh_from_db()
    job = VariantJob.objects.get(variant=variant)
    assert (num_going, variant.state) == (1, "waiting")
    assert (job.state, job.is_cancel_requested) == ("running", False)


def test_progress_of_a_download_is_its_share() -> None:
    variant = waiting_variant(state="running", lease_until=timezone.now() + LEASE, progress=0.5)

    status = status_of(variant.video.post)

    assert (status.share, status.is_going) == (0.75, True)
