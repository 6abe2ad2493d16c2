"""What labelers are not told yet: others' answers, known answers, and what models say of blind clips."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from inference.models import ModelVersion
from labeling.models import GoldAnswer, Slot, Video
from tests.api import ApiClient
from tests.factories import (
    hold,
    make_annotation,
    make_group,
    make_model,
    make_post,
    make_prediction,
    make_settlement,
    make_slot,
    make_user,
    make_video,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def judged(ana: User) -> Video:
    """A video that is settled as SORA by what Bea said, and is in a post and a group of its own."""
    video = make_video(num_slots=0)
    make_settlement(video, sora=True, annotations=[make_annotation(video, make_user("bea"), sora=True)])
    return video


def make_gold(video: Video) -> None:
    GoldAnswer.objects.create(video=video, added_by=make_user("rita"), ai_gen=True, sora=True)


def hold_it(video: Video, user: User) -> None:
    hold(make_slot(video), user)


def rows(client: Client, url: str) -> Any:
    return client.get(url).context["page"].rows


def places_that_tell(client: Client, user: User, video: Video) -> set[str]:
    """Return where `user` learns that `video` is labeled SORA, or that Bea said so."""
    api, page = ApiClient(user), client.get(f"/videos/{video.pk}/").text
    post = f"/posts/{video.post_id}/"
    told: dict[str, Any] = {
        "video": ">SORA<" in page,
        "answers": "bea" in page,
        "grid": [each for each in rows(client, f"/videos/?group={video.pk}") if each.settlement],
        "grid by label": rows(client, "/videos/?label=SORA"),
        "grid by state": rows(client, "/videos/?state=settled"),
        "posts": ">SORA<" in client.get("/posts/").text.partition("<tbody")[2],
        "posts by label": rows(client, "/posts/?label=SORA"),
        "post": ">SORA<" in client.get(post).text,
        "API": [each for each in api.read(post.rstrip("/")).json()["videos"] if each["labels"]],
        "API by label": api.read("/posts", label="SORA").json()["posts"],
    }
    return {place for place, found in told.items() if found}


EVERYWHERE = {"video", "answers", "grid", "grid by label", "grid by state", "posts", "posts by label"}
EVERYWHERE |= {"post", "API", "API by label"}


def test_settled_video_tells_everybody_what_counts(browser: Client, ana: User, judged: Video) -> None:
    assert places_that_tell(browser, ana, judged) == EVERYWHERE


def test_second_judge_does_not_read_the_first(browser: Client) -> None:
    video = make_video()
    make_annotation(video, make_user("bea"), note="Surely Sora.")

    page = browser.get(f"/videos/{video.pk}/").text

    assert "Surely Sora." not in page
    assert "What others say is shown once the video is settled." in page


def test_who_has_a_settled_video_is_not_told_its_labels(browser: Client, ana: User, judged: Video) -> None:
    hold_it(judged, ana)

    assert places_that_tell(browser, ana, judged) == set()


def test_video_kept_for_later_does_not_tell_its_labels(browser: Client, ana: User, judged: Video) -> None:
    later = timezone.now() + timedelta(hours=1)
    make_slot(judged, state="kept", labeler=ana, due_at=later, lease_until=later)

    assert places_that_tell(browser, ana, judged) == set()


def test_gold_looks_like_a_video_that_waits(browser: Client, ana: User, judged: Video) -> None:
    waiting = make_video()
    make_gold(judged)

    said = [
        browser.get(f"/videos/{video.pk}/").text.partition("counts-title")[2] for video in (judged, waiting)
    ]

    assert places_that_tell(browser, ana, judged) == set()
    assert said[0].partition("<dl")[0] == said[1].partition("<dl")[0]


def test_gold_that_is_retired_tells_its_labels(browser: Client, ana: User, judged: Video) -> None:
    make_gold(judged)
    GoldAnswer.objects.update(retired_at=timezone.now())

    assert places_that_tell(browser, ana, judged) == EVERYWHERE


def test_reviewer_is_told_everything(client: Client, rob: User, judged: Video) -> None:
    make_gold(judged)
    hold_it(judged, rob)

    assert places_that_tell(client, rob, judged) == EVERYWHERE


@pytest.mark.parametrize("kept", ["blind", "gold", "held"])
def test_copy_of_a_footage_tells_no_more_than_the_other(browser: Client, ana: User, kept: str) -> None:
    group = make_group("test" if kept == "blind" else "train")
    twin = make_video(group=group, num_slots=0)
    answer = make_annotation(twin, make_user("bea"), sora=True)
    make_settlement(twin, sora=True, annotations=[answer])
    video = make_video(group=group, post=make_post("1"))
    if kept == "gold":
        make_settlement(video, sora=True)
        make_gold(video)
    if kept == "held":
        hold(video.slots.get(), ana)

    assert places_that_tell(browser, ana, twin) == set()
    assert ">SORA<" not in browser.get(f"/videos/{video.pk}/").text


# ---- what models say of a blind clip ----------------------------------------------------------------


LONG_AGO = {"created_at": timezone.now() - timedelta(days=2)}


def make_blind(user: User, **fields: Any) -> Video:
    """Make a blind video with a prediction of 87%, which an answer of `user` settled."""
    video = make_video(split="test", num_slots=0)
    make_prediction(video, make_model("v5.1"), ai_gen=0.87)
    make_settlement(video, annotations=[make_annotation(video, user, **fields)])
    return video


def models_speak(client: Client, user: User, video: Video) -> list[bool]:
    return [
        "v5.1" in client.get(f"/videos/{video.pk}/").text,
        bool(rows(client, "/videos/?least=80")),
        ApiClient(user).read(f"/videos/{video.pk}/predictions").status_code == 200,
    ]


def answer_ten_others(user: User) -> None:
    for _ in range(10):
        make_annotation(make_video(num_slots=0), user)


def test_models_are_silent_while_an_answer_is_fresh(browser: Client, ana: User) -> None:
    video = make_blind(ana)
    answer_ten_others(ana)

    assert models_speak(browser, ana, video) == [False, False, False]


def test_models_are_silent_while_an_answer_is_among_the_last_ten(browser: Client, ana: User) -> None:
    video = make_blind(ana, **LONG_AGO)

    assert models_speak(browser, ana, video) == [False, False, False]


def test_models_speak_once_an_answer_is_out_of_reach(browser: Client, ana: User) -> None:
    video = make_blind(ana, **LONG_AGO)
    answer_ten_others(ana)

    assert models_speak(browser, ana, video) == [True, True, True]


def test_models_speak_to_who_did_not_answer(browser: Client, ana: User, ben: User) -> None:
    assert models_speak(browser, ana, make_blind(ben)) == [True, True, True]


def test_models_are_silent_on_a_blind_clip_while_one_has_it(browser: Client, ana: User, ben: User) -> None:
    video = make_blind(ben)
    slot = hold(make_slot(video), ana)

    assert models_speak(browser, ana, video) == [False, False, False]

    Slot.objects.filter(pk=slot.pk).update(lease_until=timezone.now())
    assert models_speak(browser, ana, video) == [True, True, True]


def test_models_are_silent_on_a_blind_clip_that_is_gold(browser: Client, ana: User, ben: User) -> None:
    video = make_blind(ben)
    make_gold(video)

    assert models_speak(browser, ana, video) == [False, False, False]


def test_models_are_silent_on_the_copy_of_a_blind_clip_that_waits(browser: Client, ana: User) -> None:
    waiting = make_video(is_blind=True)
    copy = make_video(group=waiting.group, num_slots=0)
    make_prediction(copy, make_model("v5.1"), ai_gen=0.87)
    make_settlement(copy)

    assert models_speak(browser, ana, copy) == [False, False, False]


def test_copy_of_a_fresh_answer_is_silent_too(browser: Client, ana: User) -> None:
    video = make_blind(ana)
    twin = make_video(group=video.group, num_slots=0)
    make_prediction(twin, ModelVersion.objects.get(), ai_gen=0.87)
    make_settlement(twin)

    assert models_speak(browser, ana, twin) == [False, False, False]
