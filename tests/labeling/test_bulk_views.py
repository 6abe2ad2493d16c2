"""The grid of videos, what it can be narrowed to, and labels for many of them at once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from labeling import bulk
from labeling.models import Annotation, BulkEdit, GoldAnswer, Settlement, Slot, SlotState, Video
from tests.factories import (
    make_annotation,
    make_group,
    make_model,
    make_prediction,
    make_settlement,
    make_user,
    make_video,
)

pytestmark = pytest.mark.django_db


def found(client: Client, query: str) -> list[int]:
    return [video.pk for video in client.get(f"/videos/?{query}").context["page"].rows]


def by_ana() -> tuple[Video, str]:
    video = make_video()
    make_annotation(video, make_user("ana"))
    return video, "by=ana"


def disputed() -> tuple[Video, str]:
    video = make_video()
    Video.objects.filter(pk=video.pk).update(disputed_at="2026-01-01T00:00Z")
    return video, "disagreement=people"


def contradicted() -> tuple[Video, str]:
    video = make_video()
    make_settlement(video, ai_gen=False)
    make_prediction(video, make_model(), ai_gen=0.95)
    return video, "disagreement=model"


def likely() -> tuple[Video, str]:
    video, model = make_video(), make_model()
    make_prediction(video, model, ai_gen=0.72)
    make_prediction(make_video(), model, ai_gen=0.2)
    return video, "least=70&most=80"


def unlikely() -> tuple[Video, str]:
    video, model = make_video(), make_model()
    make_prediction(video, model, ai_gen=0)
    make_prediction(make_video(), model, ai_gen=0.2)
    return video, "most=0"


def in_group() -> tuple[Video, str]:
    video = make_video(group=make_group())
    return video, f"group={video.pk}"


def out() -> tuple[Video, str]:
    video = make_video()
    Slot.objects.filter(video=video).update(state=SlotState.DONE)
    return video, "state=out"


def gold() -> tuple[Video, str]:
    video = make_video()
    GoldAnswer.objects.create(video=video, added_by=make_user("gil"), ai_gen=True)
    return video, "state=gold"


@pytest.mark.parametrize(
    "make",
    [by_ana, disputed, contradicted, likely, unlikely, in_group, out, gold],
    ids=lambda make: make.__name__,
)
def test_grid_shows_what_matches(make: Callable[[], tuple[Video, str]], client: Client, rob: User) -> None:
    make_video()
    video, query = make()

    assert found(client, query) == [video.pk]


@pytest.mark.parametrize(
    "query",
    [
        *("least=many", "least=-1", "most=101", "group=x", "by=nobody", "disagreement=x"),
        *("labeled=9999-12-31", "settled=9999-12-31"),
    ],
)
def test_filter_that_is_none_changes_nothing(query: str, client: Client, rob: User) -> None:
    video = make_video()

    assert found(client, query) == [video.pk]


def test_filters_tell_labelers_nothing_of_blind_videos(client: Client) -> None:
    video = make_video(is_blind=True)
    make_prediction(video, make_model(), ai_gen=0.95)
    client.force_login(make_user("ana"))

    assert found(client, "least=90") == []


def test_gold_is_no_filter_for_labelers(client: Client) -> None:
    make_video()
    _, query = gold()
    client.force_login(make_user("ana"))

    assert len(found(client, query)) == 2


def test_grid_with_filters_costs_the_same_queries(
    client: Client, rob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        make_settlement(make_video())

    # Session, user and rights (2), then people who labeled and videos.
    with django_assert_num_queries(6):
        client.get("/videos/?label=AI_GEN&least=0&by=ana&split=train")


@pytest.mark.parametrize("path", ["/videos/edit/", "/videos/edits/"])
def test_editing_is_for_reviewers(path: str, client: Client) -> None:
    client.force_login(make_user("ana"))

    assert client.get(path).status_code == 403


def test_labeler_has_nothing_to_tick(client: Client) -> None:
    make_video()
    client.force_login(make_user("ana"))

    assert "Edit the ticked" not in client.get("/videos/").text


def test_edit_of_nothing_says_how_to_choose(client: Client, rob: User) -> None:
    assert "No video is chosen" in client.get("/videos/edit/").text


def test_number_that_no_video_can_have_is_none(client: Client, rob: User) -> None:
    assert "Choose videos" in client.get(f"/videos/edit/?video={'9' * 40}").text


def test_edit_shows_what_it_changes_before_it_does(client: Client, rob: User) -> None:
    video, other = make_video(), make_video()
    make_settlement(other, ai_gen=True)

    asked: dict[str, Any] = {"video": [video.pk, other.pk], "AI_GEN": "no", "preview": "1"}
    page = client.get("/videos/edit/", asked)

    assert "2 would change" in page.text
    assert not BulkEdit.objects.exists()


def test_ticked_videos_are_changed_and_changed_back(client: Client, rob: User) -> None:
    ticked, other = make_video(), make_video()

    response = client.post("/videos/edit/apply/", {"video": [ticked.pk], "AI_GEN": "no"}, follow=True)
    settled = [settlement.video for settlement in Settlement.objects.standing()]
    client.post(f"/videos/edits/{BulkEdit.objects.get().pk}/undo/")

    assert "Videos changed: 1." in response.text
    assert settled == [ticked]
    assert not Settlement.objects.standing().exists()
    assert not other.annotations.exists()


def test_all_that_match_are_changed(client: Client, rob: User) -> None:
    matching = [make_video(split="validation") for _ in range(3)]
    make_video()
    sent = {"all": "1", "query": "split=validation", "AI_GEN": "yes", "kind": "author", "VEO": "yes"}

    client.post("/videos/edit/apply/", sent)

    changed = Annotation.objects.order_by("video").values_list("video", "veo")
    assert list(changed) == [(video.pk, True) for video in matching]
    assert BulkEdit.objects.get().filters == "split=validation"


def test_what_is_left_of_all_that_match_can_be_changed_next(
    client: Client, rob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST", 2)
    for _ in range(3):
        make_video()
    sent = {"all": "1", "AI_GEN": "no"}

    before = client.get("/videos/edit/", sent | {"preview": "1"}).text
    client.post("/videos/edit/apply/", sent)
    after = client.get("/videos/edit/", sent | {"preview": "1"}).text

    assert "More videos would change. The first 2 that change are edited" in before
    assert "1 would change" in after
    assert "More videos" not in after


def test_edit_of_everything_is_not_told_as_ticked(client: Client, rob: User) -> None:
    make_video()

    client.post("/videos/edit/apply/", {"all": "1", "AI_GEN": "no"})

    page = client.get("/videos/edits/").text
    assert '<a href="/videos/?state=">all that matched</a>' in page
    assert "ticked</td>" not in page


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "Say at least one label."),
        ({"AI_GEN": "yes"}, "Say how you know"),
        ({"AI_GEN": "maybe"}, "Select a valid choice"),
        ({"AI_GEN": "no", "note": "x" * 4001}, "note"),
    ],
)
def test_edit_that_breaks_a_rule_is_refused_in_words(
    sent: dict[str, str], words: str, client: Client, rob: User
) -> None:
    video = make_video()

    asked: dict[str, Any] = {"video": video.pk, "preview": "1"} | sent
    preview = client.get("/videos/edit/", asked)
    applied = client.post("/videos/edit/apply/", {"video": video.pk} | sent, follow=True)

    assert preview.status_code == 422
    assert words in preview.text
    assert words in applied.text
    assert not Annotation.objects.exists()


def test_page_of_edits_with_none_says_what_it_is_for(client: Client, rob: User) -> None:
    assert "Nothing was edited at once" in client.get("/videos/edits/").text
