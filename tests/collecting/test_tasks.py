"""From a link to videos ready to label: rows, jobs and files, against the stand-in for X."""

import errno
import json
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from labeling import storage, tasks
from labeling.collecting import importer
from labeling.collecting.errors import NetworkError
from labeling.collecting.links import canonical_url
from labeling.models import CollectJob, DoomedFile, Post, Slot, Variant, VariantJob, Video, XPause
from tests.collecting.standin.x import Standin
from tests.factories import make_job
from tests.races import meanwhile
from training.batches import withdrawing

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.embedded]


@pytest.fixture(autouse=True)
def _through_the_standin(standin: Standin, settings: Settings) -> None:
    settings.X_PROXY, settings.X_CA_FILE = standin.proxy, standin.ca_file
    settings.IS_EMBEDDED = True  # the command works the queue itself: no worker runs beside the tests


def collect(*x_ids: str) -> None:
    call_command("collect", *map(canonical_url, x_ids))


def test_collect_stores_every_variant_and_opens_a_slot(standin: Standin) -> None:
    clips = [standin.clip("rung-36", size="64x36"), standin.clip("rung-72", size="128x72")]
    x_id = standin.add_post([standin.add_video(clips)])

    collect(x_id)

    variants = Variant.objects.filter(video__post__x_id=x_id).order_by("width")
    assert [(v.state, v.width, v.height) for v in variants] == [("stored", 64, 36), ("stored", 128, 72)]
    for variant, clip in zip(variants, clips, strict=True):
        path = storage.local_path(variant.name)
        assert path is not None
        assert path.read_bytes() == clip.read_bytes()
    assert Slot.objects.get().video.post.x_id == x_id


def test_collect_leaves_no_temporary_file(standin: Standin, settings: Settings) -> None:
    collect(standin.add_post([standin.add_video([standin.clip()])]))

    assert list(Path(settings.MEDIA_ROOT, "incoming").iterdir()) == []


def test_collect_twice_adds_nothing(standin: Standin) -> None:
    x_id = standin.add_post([standin.add_video([standin.clip()])])
    collect(x_id)
    asked = len(standin.site.requests)

    collect(x_id)

    assert (Post.objects.count(), Video.objects.count(), Variant.objects.count()) == (1, 1, 1)
    assert len(standin.site.requests) == asked


def test_collect_prints_one_object_a_link(standin: Standin, capsys: pytest.CaptureFixture[str]) -> None:
    x_id = standin.add_post([standin.add_video([standin.clip()])])

    call_command("collect", canonical_url(x_id), json=True)

    printed = json.loads(capsys.readouterr().out)
    [video] = printed["videos"]
    assert set(printed) == {"url", "x_id", "state", "failure", "videos"}
    assert (printed["x_id"], printed["state"], printed["failure"]) == (x_id, "done", "")
    assert set(video["variants"][0]) == {"url", "width", "height", "sha256", "bytes", "state"}


def test_collect_of_a_deleted_post_says_so_and_fails(
    standin: Standin, capsys: pytest.CaptureFixture[str]
) -> None:
    x_id = standin.new_id()

    with pytest.raises(CommandError, match="1 of 1 links were not stored"):
        collect(x_id)

    assert f"Post {x_id} does not exist" in capsys.readouterr().err
    assert Post.objects.get().failure_kind == "deleted"
    assert CollectJob.objects.get().state == "failed"


def test_collect_of_a_link_elsewhere_refuses_that_line_alone(standin: Standin) -> None:
    x_id = standin.add_post([standin.add_video([standin.clip()])])

    with pytest.raises(CommandError, match="1 of 2 links"):
        call_command("collect", "https://example.com/video", canonical_url(x_id))

    assert Variant.objects.stored().count() == 1


def test_one_failed_variant_does_not_lose_the_others(standin: Standin) -> None:
    clips = [standin.clip("rung-36", size="64x36"), standin.clip("rung-72", size="128x72")]
    video = standin.add_video(clips)
    x_id = standin.add_post([video])
    standin.break_url(video["video_info"]["variants"][0]["url"], status=403)

    collect(x_id)

    states = dict(Variant.objects.values_list("state", "failure_kind"))
    assert states == {"stored": "", "failed": "gone"}
    assert Video.objects.ready().count() == 1


def test_one_media_under_two_posts_is_one_group(standin: Standin) -> None:
    video = standin.add_video([standin.clip()])

    collect(standin.add_post([video]), standin.add_post([video]))

    first, second = Video.objects.all()
    assert first.group == second.group
    assert first.split == second.split


def test_rate_limit_pauses_everybody_until_x_allows_more(standin: Standin) -> None:
    x_id = standin.new_id()
    until = timezone.now().replace(microsecond=0) + timedelta(minutes=10)
    reset = {"x-rate-limit-reset": str(int(until.timestamp()))}
    standin.break_graphql(x_id, status=429, headers=reset, times=9)
    standin.break_syndication(x_id, status=429, headers=reset, times=9)
    job = make_job(post=Post.objects.create(x_id=x_id))
    other = make_job()

    tasks.collect_post(job.pk)
    tasks.collect_post(other.pk)

    job.refresh_from_db()
    other.refresh_from_db()
    pause = XPause.current()
    assert pause is not None
    assert pause.until == datetime.fromtimestamp(int(until.timestamp()), UTC)
    assert (job.state, job.next_try_at) == ("queued", pause.until)
    assert (other.state, other.attempts, other.next_try_at) == ("queued", 0, pause.until)


def test_collect_job_without_attempts_left_fails_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, standin: Standin
) -> None:
    def away(*_: object) -> None:
        raise NetworkError("X does not answer.")

    monkeypatch.setattr("labeling.collecting.x.fetch_post", away)
    job = make_job(max_attempts=1)

    tasks.collect_post(job.pk)

    job.refresh_from_db()
    job.post.refresh_from_db()
    assert (job.state, job.failure_kind) == ("failed", "network")
    assert job.post.failure_kind == "network"


def test_cancelled_download_stores_nothing(standin: Standin) -> None:
    x_id = standin.add_post([standin.add_video([standin.clip()])])
    post = Post.objects.create(x_id=x_id)
    tasks.collect_post(make_job(post=post).pk)
    job = VariantJob.objects.get()
    claimed = VariantJob.objects.claim(job.pk)
    VariantJob.objects.filter(pk=job.pk).cancel()

    assert claimed is not None
    tasks.run_store(claimed)

    job.refresh_from_db()
    assert job.state == "cancelled"
    assert not Variant.objects.stored().exists()


def queued_download(standin: Standin) -> VariantJob:
    """Return the waiting job of the only variant of a new post."""
    post = Post.objects.create(x_id=standin.add_post([standin.add_video([standin.clip()])]))
    tasks.collect_post(make_job(post=post).pk)
    return VariantJob.objects.get()


def test_full_disk_is_the_reason_and_the_download_waits(
    monkeypatch: pytest.MonkeyPatch, standin: Standin
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("labeling.storage.move_in", full)
    job = queued_download(standin)

    tasks.store_variant(job.pk)

    job.refresh_from_db()
    assert (job.state, job.failure_kind) == ("queued", "disk_full")
    assert "Free some space under MEDIA_ROOT" in job.failure_message
    assert job.next_try_at > timezone.now()


def test_variant_whose_disk_stays_full_fails_with_that_reason(
    monkeypatch: pytest.MonkeyPatch, standin: Standin
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("labeling.storage.move_in", full)
    job = queued_download(standin)
    VariantJob.objects.update(max_attempts=1)

    tasks.store_variant(job.pk)

    variant = Variant.objects.get()
    assert (variant.state, variant.failure_kind) == ("failed", "disk_full")


def test_download_whose_worker_died_behind_it_is_not_repeated(standin: Standin) -> None:
    job = queued_download(standin)
    tasks.store_variant(job.pk)
    stored_at = Variant.objects.get().stored_at
    VariantJob.objects.update(state="running", lease_until=timezone.now() - timedelta(minutes=1))

    tasks.store_variant(job.pk)

    job.refresh_from_db()
    assert (job.state, job.attempts) == ("done", 2)
    assert Variant.objects.get().stored_at == stored_at
    assert standin.num_requests(Variant.objects.get().url) == 1


def test_queued_download_of_a_purged_video_is_not_begun(standin: Standin) -> None:
    job = queued_download(standin)
    withdrawing.withdraw([job.variant.video], reason="", purge=True)

    tasks.store_variant(job.pk)

    job.refresh_from_db()
    assert (job.state, job.failure_kind) == ("failed", "withdrawn")
    assert "was taken back for good" in job.failure_message
    assert standin.num_requests(Variant.objects.get().url) == 0


def test_running_download_of_a_video_that_is_purged_meanwhile_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, standin: Standin, settings: Settings
) -> None:
    job = queued_download(standin)
    store = storage.move_in

    def withdrawn_then(*args: Any, **kwargs: Any) -> Any:
        stored = store(*args, **kwargs)
        withdrawing.withdraw([job.variant.video], reason="", purge=True)
        return stored

    monkeypatch.setattr("labeling.storage.move_in", withdrawn_then)

    tasks.store_variant(job.pk)

    variant = Variant.objects.get()
    files = [path for path in Path(settings.MEDIA_ROOT).rglob("*.*") if path.is_file()]
    assert (variant.state, variant.failure_kind, variant.name) == ("failed", "withdrawn", "")
    assert [path.name for path in files] == ["withdrawn.json"]
    assert not DoomedFile.objects.exists()
    assert not Slot.objects.exists()


@pytest.mark.postgres
def test_purge_waits_for_a_download_that_is_being_stored_and_removes_it(
    monkeypatch: pytest.MonkeyPatch, standin: Standin
) -> None:
    job = queued_download(standin)
    video, mark = job.variant.video, importer._mark_stored

    with ExitStack() as stack:

        def overtaken(*args: Any) -> None:
            stack.enter_context(meanwhile(lambda: withdrawing.withdraw([video], reason="", purge=True)))
            mark(*args)

        monkeypatch.setattr("labeling.collecting.importer._mark_stored", overtaken)
        tasks.store_variant(job.pk)

    variant = Variant.objects.get()
    assert (variant.state, variant.failure_kind, variant.name) == ("failed", "purged", "")
    assert not default_storage.exists(storage.stored_name(variant.sha256, ".mp4"))


def test_collecting_again_brings_back_nothing_of_a_purged_post(standin: Standin) -> None:
    x_id = standin.add_post([standin.add_video([standin.clip()])])
    collect(x_id)
    withdrawing.withdraw([Video.objects.get()], reason="", purge=True)
    CollectJob.objects.update(state="queued")

    tasks.collect_post(CollectJob.objects.get().pk)

    post = Post.objects.get()
    assert (post.text, post.raw, post.failure_kind) == ("", None, "withdrawn")
    assert not VariantJob.objects.unfinished().exists()


def test_collecting_again_leaves_the_purged_one_of_two_videos(standin: Standin) -> None:
    clips = [standin.clip("rung-36", size="64x36"), standin.clip("rung-72", size="128x72")]
    collect(standin.add_post([standin.add_video([clip]) for clip in clips]))
    withdrawing.withdraw([Video.objects.earliest("pk")], reason="", purge=True)
    Variant.objects.update(url="https://video.twimg.com/moved.mp4")  # X serves all under new addresses
    CollectJob.objects.update(state="queued")

    tasks.collect_post(CollectJob.objects.get().pk)

    new = VariantJob.objects.unfinished().get()
    assert new.variant.video == Video.objects.latest("pk")
