from itertools import pairwise

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from labeling.collecting import duplicates
from labeling.models import DuplicateGroup, SiteSettings, Split, Video
from tests.factories import make_group, make_variant, make_video
from tests.races import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

SHA256 = "ab" * 32


def new_video(*sha256s: str, media_id: str = "") -> Video:
    """A video that was just stored: with files, without a group."""
    video = make_video(is_ready=False, media_id=media_id)
    for sha256 in sha256s:
        make_variant(video, sha256=sha256)
    return video


def grouped_video(split: str, *sha256s: str, media_id: str = "") -> Video:
    video = make_video(split=split, media_id=media_id)
    for sha256 in sha256s:
        make_variant(video, sha256=sha256)
    return video


def reloaded(video: Video) -> Video:
    video.refresh_from_db()
    return video


def test_new_footage_founds_a_group_of_one() -> None:
    video = new_video(SHA256)

    group = duplicates.assign_group(video)

    assert group.key == video.key
    assert (video.group, video.split) == (group, group.split)


def test_assigning_twice_changes_nothing() -> None:
    video = new_video(SHA256)

    first = duplicates.assign_group(video)
    second = duplicates.assign_group(video)

    assert first == second
    assert DuplicateGroup.objects.count() == 1


def test_same_bytes_are_one_group() -> None:
    first, second = new_video(SHA256), new_video("cd" * 32, SHA256)

    groups = [duplicates.assign_group(video) for video in (first, second)]

    assert groups[0] == groups[1]
    assert first.split == second.split


def test_same_media_id_is_one_group() -> None:
    first, second = new_video(SHA256, media_id="m1"), new_video("cd" * 32, media_id="m1")

    groups = [duplicates.assign_group(video) for video in (first, second)]

    assert groups[0] == groups[1]


def test_videos_without_a_media_id_are_not_one_group() -> None:
    first, second = new_video(SHA256, media_id=""), new_video("cd" * 32, media_id="")

    groups = [duplicates.assign_group(video) for video in (first, second)]

    assert groups[0] != groups[1]


def test_file_that_is_not_stored_yet_joins_nothing() -> None:
    first, second = make_video(is_ready=False), make_video(is_ready=False)
    for video in (first, second):
        make_variant(video, is_stored=False)

    groups = [duplicates.assign_group(video) for video in (first, second)]

    assert groups[0] != groups[1]


@pytest.mark.parametrize("split", Split.values)
def test_twin_enters_the_split_of_its_group(split: str) -> None:
    grouped_video(split, SHA256)
    twin = new_video(SHA256)

    duplicates.assign_group(twin)

    assert (twin.split, twin.quarantine) == (split, "")


def test_video_of_the_test_split_is_blind() -> None:
    SiteSettings(blind_percent=0).save()
    grouped_video(Split.TEST, SHA256)
    twin = new_video(SHA256)

    duplicates.assign_group(twin)

    assert twin.is_blind


@pytest.mark.parametrize(("percent", "is_blind"), [(0, False), (100, True)])
def test_share_of_the_other_videos_is_blind(percent: int, is_blind: bool) -> None:
    SiteSettings(blind_percent=percent).save()
    grouped_video(Split.TRAIN, SHA256)
    twin = new_video(SHA256)

    duplicates.assign_group(twin)

    assert twin.is_blind is is_blind


def test_two_groups_of_one_footage_become_the_older_one() -> None:
    older, newer = grouped_video(Split.TRAIN, SHA256), grouped_video(Split.TRAIN, media_id="m1")
    bridge = new_video(SHA256, media_id="m1")

    group = duplicates.assign_group(bridge)

    assert group == older.group
    assert {reloaded(video).group for video in (older, newer, bridge)} == {group}
    assert [video.quarantine for video in (older, newer, bridge)] == ["", "", ""]


@pytest.mark.parametrize(
    ("older_split", "newer_split"), [("train", "test"), ("test", "train"), ("validation", "train")]
)
def test_video_that_would_leak_is_quarantined_with_the_reason(older_split: str, newer_split: str) -> None:
    older, newer = grouped_video(older_split, SHA256), grouped_video(newer_split, media_id="m1")
    bridge = new_video(SHA256, media_id="m1")

    group = duplicates.assign_group(bridge)

    assert reloaded(newer).quarantine == (
        f"Same footage as {group.key}, which is in {older_split}; this one was in {newer_split}."
    )
    assert (newer.group, newer.split) == (group, newer_split)
    assert (reloaded(older).quarantine, bridge.quarantine) == ("", "")


def test_first_reason_for_a_quarantine_stays() -> None:
    oldest = make_group(Split.TEST)
    grouped = make_video(group=oldest)
    make_variant(grouped, sha256="cd" * 32)
    video = grouped_video(Split.TRAIN, SHA256)
    Video.objects.filter(pk=video.pk).update(quarantine="known before")
    bridge = new_video("cd" * 32, SHA256)

    duplicates.assign_group(bridge)

    assert reloaded(video).quarantine == "known before"


def test_second_file_of_a_video_can_join_its_group_to_another() -> None:
    older, newer = grouped_video(Split.TRAIN, SHA256), grouped_video(Split.TEST)
    make_variant(newer, sha256=SHA256)

    group = duplicates.assign_group(newer)

    assert group == older.group
    assert "this one was in test" in reloaded(newer).quarantine


def test_number_of_queries_does_not_grow_with_the_group(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(6):
        grouped_video(Split.TRAIN, media_id="m1")
    duplicates.assign_group(new_video(media_id="m1"))
    one_more = new_video(SHA256, media_id="m1")

    with django_assert_num_queries(10):
        duplicates.assign_group(one_more)


def test_group_split_must_be_known() -> None:
    with pytest.raises(IntegrityError, match="group_split_known"), transaction.atomic():
        make_group("dev")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_twins_stored_at_once_are_one_group_and_one_split() -> None:
    twins = [new_video(SHA256) for _ in range(8)]

    at_once(*[lambda twin=twin: duplicates.assign_group(twin) for twin in twins])

    assert DuplicateGroup.objects.count() == 1
    assert {video.group for video in map(reloaded, twins)} == {DuplicateGroup.objects.get()}
    assert len({video.split for video in twins}) == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_bridges_found_at_once_leave_one_group() -> None:
    links = [f"{number:02}" * 32 for number in range(5)]
    chain = [new_video(*pair) for pair in pairwise(links)]

    at_once(*[lambda video=video: duplicates.assign_group(video) for video in chain])

    assert len({video.group for video in map(reloaded, chain)}) == 1
