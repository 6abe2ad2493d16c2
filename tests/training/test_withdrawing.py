"""Taking videos back, and what reads the list."""

import json
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from labeling import answering, queue, storage, tasks
from labeling.models import DoomedFile, Post, SkipDestination, SkipReason, SlotState, Video
from tests.factories import (
    claim_of,
    make_annotation,
    make_batch,
    make_evidence,
    make_post,
    make_settlement,
    make_user,
    make_video,
)
from tests.files import file_variant, make_filed_video, path_of
from tests.races import at_once, meanwhile
from training.batches import withdrawing
from training.models import Withdrawal

pytestmark = pytest.mark.django_db(transaction=True)


def power_cut(*args: object, **kwargs: object) -> None:
    raise KeyboardInterrupt


def test_video_is_withdrawn_by_key_number_or_link(capsys: pytest.CaptureFixture[str]) -> None:
    by_key, by_number, by_link = make_video(), make_video(), make_video(post=make_post("1811111111111111111"))

    call_command(
        "withdraw",
        by_key.key,
        str(by_number.pk),
        "https://x.com/maker/status/1811111111111111111",
        reason="Asked to",
    )

    assert {row.video for row in Withdrawal.objects.filter(reason="Asked to")} == {by_key, by_number, by_link}
    assert f"{by_key.key}: withdrawn." in capsys.readouterr().out


def test_link_of_a_post_means_all_its_videos() -> None:
    post = make_post("1822222222222222222")
    videos = [make_video(post=post), make_video(post=post)]

    assert withdrawing.find(["1822222222222222222"]) == videos


def test_name_that_leads_nowhere_withdraws_nothing() -> None:
    video = make_video()

    with pytest.raises(CommandError, match=r"'77777' is no video\. Give its key"):
        call_command("withdraw", video.key, "77777")

    assert not Withdrawal.objects.exists()


def test_withdrawn_video_waits_for_nobody_and_leaves_future_batches() -> None:
    video = make_video()
    make_settlement(video)

    withdrawing.withdraw([video], reason="")

    assert not Video.objects.exportable().exists()
    assert video.slots.get().state == SlotState.OUT


def test_withdrawn_video_that_somebody_kept_for_later_does_not_come_back() -> None:
    video, ana = make_video(), make_user("ana")
    [slot] = queue.claim(ana)
    answering.skip(ana, claim_of(slot), SkipReason.OTHER, destination=SkipDestination.LATER)

    withdrawing.withdraw([video], reason="")

    assert queue.claim(ana) == []


def test_withdrawal_is_written_once_and_purged_once() -> None:
    video = make_filed_video()

    for purge in (False, False, True, True):
        withdrawing.withdraw([video], reason="", purge=purge)

    assert [row.is_purged for row in Withdrawal.objects.order_by("pk")] == [False, True]


def test_batches_that_hold_it_are_named() -> None:
    video = make_video()
    make_batch("v5.0", settlements=[make_settlement(video)])

    [withdrawn] = withdrawing.withdraw([video], reason="")

    assert withdrawn.batches == ("v5.0",)


def test_list_is_published_in_the_storage() -> None:
    videos = [make_video(), make_video()]

    for video in videos:
        withdrawing.withdraw([video], reason="")

    with default_storage.open(withdrawing.LIST_NAME) as file:
        assert json.load(file) == {"videos": sorted(video.key for video in videos)}


@pytest.mark.postgres
def test_two_who_withdraw_at_once_are_both_on_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = make_video(), make_video()
    write = storage.store_as

    with ExitStack() as stack, monkeypatch.context() as patched:

        def overtaken(path: Path, name: str) -> None:
            """Let the other one go as far as it may between reading what is withdrawn and writing it."""
            patched.undo()
            stack.enter_context(meanwhile(lambda: withdrawing.withdraw([second], reason="")))
            write(path, name)

        patched.setattr("labeling.storage.store_as", overtaken)
        withdrawing.withdraw([first], reason="")

    with default_storage.open(withdrawing.LIST_NAME) as file:
        assert json.load(file) == {"videos": sorted([first.key, second.key])}


def test_crash_right_before_the_commit_leaves_no_withdrawal_unlisted(monkeypatch: pytest.MonkeyPatch) -> None:
    video = make_video()
    monkeypatch.setattr("training.batches.withdrawing._batches_with", power_cut)

    with pytest.raises(KeyboardInterrupt):
        withdrawing.withdraw([video], reason="")

    with default_storage.open(withdrawing.LIST_NAME) as file:
        assert json.load(file) == {"videos": [video.key]}
    assert not Withdrawal.objects.exists()


def test_bucket_that_deletes_nothing_is_told_and_tried_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import ClientError

    def refuse(name: str) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DeleteObject")

    video = make_filed_video()
    settings.S3_BUCKET = "clips"
    with monkeypatch.context() as patched:
        patched.setattr(default_storage, "delete", refuse)
        with pytest.raises(CommandError, match=r"bucket clips: .*AccessDenied.*\. Run it again to go on\."):
            call_command("withdraw", video.key, purge=True)
    settings.S3_BUCKET = ""
    [name] = DoomedFile.objects.values_list("name", flat=True)

    call_command("withdraw", video.key, purge=True)

    assert not default_storage.exists(name)


def test_failure_on_the_way_leaves_a_list_of_what_was_withdrawn() -> None:
    first, second, third = make_video(), make_filed_video(), make_video()
    path = path_of(second.variants.get())
    path.unlink()
    (path / "not a file").mkdir(parents=True)  # nothing can delete this as a file

    with pytest.raises(OSError, match="not empty"):
        withdrawing.withdraw([first, second, third], reason="", purge=True)

    with default_storage.open(withdrawing.LIST_NAME) as file:
        assert json.load(file) == {"videos": sorted([first.key, second.key])}


def test_storage_that_refuses_the_list_leaves_the_videos() -> None:
    video = make_video()
    default_storage.save("batches", ContentFile(b"where the folder should be"))

    with pytest.raises(OSError, match="batches"):
        withdrawing.withdraw([video], reason="")

    assert not Withdrawal.objects.exists()


def test_purge_removes_files_and_words() -> None:
    video = make_filed_video(b"to go", post=make_post(text="My dog", raw={"text": "My dog"}))
    default_storage.save("posters/p.jpg", ContentFile(b"poster"))
    Video.objects.filter(pk=video.pk).update(poster_name="posters/p.jpg")
    video.refresh_from_db()
    evidence = make_evidence(make_annotation(video, make_user()), quote="My dog")
    path = path_of(video.variants.get())

    withdrawing.withdraw([video], reason="", purge=True)

    post, variant = Post.objects.get(), video.variants.get()
    evidence.refresh_from_db()
    assert not path.exists()
    assert not default_storage.exists("posters/p.jpg")
    assert (post.text, post.raw, evidence.quote) == ("", None, "")
    assert (variant.state, variant.failure_kind, variant.name) == ("failed", "purged", "")


@pytest.fixture
def half_purged(monkeypatch: pytest.MonkeyPatch) -> Video:
    """A video whose purge was killed after its commit, before any file went."""
    video = make_filed_video(b"to go")
    with monkeypatch.context() as patched:
        patched.setattr("labeling.storage.delete", power_cut)
        with pytest.raises(KeyboardInterrupt):
            withdrawing.withdraw([video], reason="", purge=True)
    return video


def test_purge_that_was_killed_is_finished_by_a_second_run(
    half_purged: Video, capsys: pytest.CaptureFixture[str]
) -> None:
    [name] = half_purged.doomed_files.values_list("name", flat=True)

    call_command("withdraw", half_purged.key, purge=True)

    assert not default_storage.exists(name)
    assert not DoomedFile.objects.exists()
    assert "was withdrawn already, 1 file and its words removed" in capsys.readouterr().out


def test_purge_that_was_killed_is_finished_by_the_purge_of_another_video(half_purged: Video) -> None:
    [name] = half_purged.doomed_files.values_list("name", flat=True)

    withdrawing.withdraw([make_video()], reason="", purge=True)

    assert not default_storage.exists(name)


def test_purge_that_was_killed_is_finished_by_the_sweep(half_purged: Video) -> None:
    [name] = half_purged.doomed_files.values_list("name", flat=True)

    tasks.sweep_parts()

    assert not default_storage.exists(name)
    assert not DoomedFile.objects.exists()


def test_doomed_file_that_another_video_got_meanwhile_stays(half_purged: Video) -> None:
    other = file_variant(make_video(), b"to go")

    tasks.sweep_parts()

    assert path_of(other).exists()
    assert not DoomedFile.objects.exists()


def test_file_that_cannot_be_deleted_holds_up_no_other(
    half_purged: Video, caplog: pytest.LogCaptureFixture
) -> None:
    stuck, free = DoomedFile.objects.get(), file_variant(make_video(is_ready=False), b"free")
    (path_of(free).parent / "beside").write_bytes(b"")
    default_storage.delete(stuck.name)
    default_storage.save(f"{stuck.name}/not a file", ContentFile(b""))
    DoomedFile.objects.create(video=free.video, name=free.name)
    free.delete()

    tasks.sweep_parts()

    assert not path_of(free).exists()
    assert DoomedFile.objects.get() == stuck
    assert "are tried again in an hour" in caplog.text


def test_two_videos_of_one_file_that_are_purged_at_once_leave_nothing_of_it() -> None:
    videos = [make_filed_video(b"shared"), make_filed_video(b"shared")]
    path = path_of(videos[0].variants.get())

    at_once(*[lambda video=video: withdrawing.withdraw([video], reason="", purge=True) for video in videos])

    assert not path.exists()


def test_two_videos_of_one_post_that_are_purged_at_once_leave_no_words() -> None:
    post = make_post(text="Two clips")
    videos = [make_filed_video(b"a", post=post), make_filed_video(b"b", post=post)]

    at_once(*[lambda video=video: withdrawing.withdraw([video], reason="", purge=True) for video in videos])

    assert Post.objects.get().text == ""


def test_purge_keeps_a_file_that_another_video_uses() -> None:
    video, other = make_filed_video(b"shared"), make_filed_video(b"shared")
    alone = file_variant(video, b"alone")

    [withdrawn] = withdrawing.withdraw([video], reason="", purge=True)

    assert withdrawn.num_files == 1
    assert path_of(other.variants.get()).exists()
    assert not path_of(alone).exists()


def test_words_of_a_post_stay_while_one_of_its_videos_does() -> None:
    post = make_post(text="Two clips")
    video = make_filed_video(post=post)
    make_video(post=post)

    withdrawing.withdraw([video], reason="", purge=True)

    assert Post.objects.get().text == "Two clips"


def test_admin_withdraws_on_the_videos_page(client: Client) -> None:
    admin = make_user("root", role="admin")
    client.force_login(admin)
    video = make_filed_video()

    response = client.post(
        f"/videos/{video.pk}/withdraw/", {"reason": "Asked to", "purge": "on"}, follow=True
    )

    row = Withdrawal.objects.get()
    assert (row.video, row.reason, row.is_purged, row.withdrawn_by) == (video, "Asked to", True, admin)
    assert "is withdrawn" in response.text


def test_storage_that_refuses_is_told_on_the_page(client: Client) -> None:
    client.force_login(make_user("root", role="admin"))
    video = make_video()
    default_storage.save("batches", ContentFile(b"where the folder should be"))

    page = client.post(f"/videos/{video.pk}/withdraw/", {"reason": "asked to"}, follow=True)

    assert "Not all of it could be done:" in page.text
    assert not Withdrawal.objects.exists()


def test_labeler_can_neither_see_nor_send_the_form(client: Client) -> None:
    client.force_login(make_user())
    video = make_video()

    page = client.get(f"/videos/{video.pk}/")
    response = client.post(f"/videos/{video.pk}/withdraw/")

    assert "/withdraw/" not in page.text
    assert response.status_code == 403
    assert not Withdrawal.objects.exists()
