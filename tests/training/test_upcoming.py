"""Which videos the next batch would add or change."""

from typing import Any

import pytest
from django.test import Client

from labeling.models import Settlement, Video
from tests.factories import (
    make_annotation,
    make_batch,
    make_evidence,
    make_settlement,
    make_user,
    make_video,
)
from training.batches.upcoming import count_waiting, waiting

pytestmark = pytest.mark.django_db


def settle(video: Video, *kinds: str, **fields: Any) -> Settlement:
    """Settle a video by an answer of somebody new, with evidence of these kinds."""
    answer = make_annotation(video, make_user(f"labeler-{Settlement.objects.count()}"))
    for kind in kinds:
        make_evidence(answer, kind=kind)
    return make_settlement(video, annotations=[answer], **fields)


def test_video_waits_until_a_batch_has_it() -> None:
    exported, late = make_video(), make_video()
    make_batch(settlements=[make_settlement(exported)])
    make_settlement(late)

    assert [*waiting()] == [late]


def test_video_let_out_of_quarantine_after_an_export_waits() -> None:
    quarantined, exported = make_video(quarantine="Same footage as 1/0"), make_video()
    make_settlement(quarantined)
    make_batch(settlements=[make_settlement(exported)])
    before = waiting().count()

    Video.objects.filter(pk=quarantined.pk).update(quarantine="")

    assert before == 0
    assert [*waiting()] == [quarantined]


def test_video_that_the_newest_whole_batch_left_out_waits_again() -> None:
    back, stayed = make_settlement(make_video()), make_settlement(make_video())
    make_batch("v5.0", settlements=[back, stayed])
    make_batch("v5.1", settlements=[stayed])

    assert [*waiting()] == [back.video]


def test_what_only_filtered_batches_took_does_not_wait() -> None:
    taken = make_settlement(make_video())
    make_batch("v5.0", settlements=[taken], filters={"labels": ["AI_GEN"]})
    make_batch("v5.1", filters={"labels": ["KLING"]})

    assert not waiting().exists()


def test_video_settled_anew_alike_does_not_wait() -> None:
    video = make_video()
    make_batch(settlements=[settle(video, "author", "watermark", kling=True)])

    settle(video, "watermark", "author", kling=True)

    assert not waiting().exists()


@pytest.mark.parametrize(
    ("kinds", "fields"),
    [
        (["author"], {"kling": False}),
        (["author"], {"kling": None}),
        (["author"], {"kling": True, "method": "agreed"}),
        (["watermark"], {"kling": True}),
        (["author", "watermark"], {"kling": True}),
        ([], {"kling": True}),
    ],
)
def test_video_settled_anew_otherwise_waits(kinds: list[str], fields: dict[str, object]) -> None:
    video = make_video()
    make_batch(settlements=[settle(video, "author", kling=True)])

    settle(video, *kinds, **fields)

    assert [*waiting()] == [video]


def test_video_that_went_back_to_older_labels_waits() -> None:
    video = make_video()
    make_batch("v5.0", settlements=[make_settlement(video, kling=True)])
    make_batch("v5.1", settlements=[make_settlement(video, kling=False)])

    make_settlement(video, kling=True)

    assert [*waiting()] == [video]


def test_video_that_is_only_settled_anew_does_not_make_the_next_batch_larger(client: Client) -> None:
    client.force_login(make_user())
    stayed, anew = make_video(), make_video()
    make_batch(settlements=[make_settlement(stayed), make_settlement(anew, kling=True)])
    make_settlement(anew, kling=False)
    make_settlement(make_video())

    page = client.get("/batches/")
    chart = page.context["growth"].chart()

    assert count_waiting() == (2, 1)
    assert (chart["whole"], chart["next"]) == (2, 3)
    assert "waiting for v5.1, 1 of them settled anew" in page.text


def test_before_the_first_batch_nothing_is_settled_anew() -> None:
    make_settlement(make_video())

    assert count_waiting() == (1, 0)


def test_empty_list_says_whether_anything_is_settled_at_all(client: Client) -> None:
    client.force_login(make_user())
    empty = client.get("/batches/-/waiting/").text
    make_batch(settlements=[make_settlement(make_video())])

    in_a_batch = client.get("/batches/-/waiting/").text

    assert "No video is settled yet." in empty
    assert "Every settled video is in a batch" not in empty
    assert "Every settled video is in a batch" in in_a_batch


def test_number_on_the_page_is_that_of_the_list_behind_it(client: Client) -> None:
    client.force_login(make_user())
    quarantined = make_settlement(make_video(quarantine="Same footage as 1/0")).video
    make_batch(settlements=[make_settlement(make_video())])
    Video.objects.filter(pk=quarantined.pk).update(quarantine="")

    page, behind = client.get("/batches/"), client.get("/batches/-/waiting/")

    assert page.context["growth"].num_waiting == 1
    assert behind.context["page"].rows == [quarantined]
