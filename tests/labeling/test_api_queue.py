"""Claiming and answering over the API."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from labeling.models import Annotation, Evidence, IdempotencyRecord, SiteSettings, Slot, SlotState, Video
from tests.api import ApiClient
from tests.factories import (
    hold,
    make_annotation,
    make_model,
    make_post,
    make_prediction,
    make_settlement,
    make_user,
    make_variant,
    make_video,
)
from tests.races import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def answer(slot: Slot, **fields: Any) -> tuple[str, dict[str, Any]]:
    """The path and the body of an answer to a held video: AI_GEN by its artefacts, unless told otherwise."""
    known = {"labels": {"AI_GEN": True}, "evidence": [{"labels": [], "kind": "artefacts"}]}
    body = {"claim": str(slot.claim)} | known | fields
    return f"/videos/{slot.video_id}/annotations", body


def expired_and_taken(slot: Slot) -> None:
    Slot.objects.filter(pk=slot.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
    hold(Slot.objects.get(pk=slot.pk), make_user("ben"))


def test_claim_gives_all_that_is_needed_to_judge(api: ApiClient) -> None:
    post = make_post("123", text="Made this", author_handle="maker")
    video = make_video(post=post, poster_name="posters/ab/cd/abcd.jpg")
    make_variant(video, width=1280, height=720, name="videos/a.mp4")

    response = api.send("/queue/claim")

    found = response.json()
    slot = Slot.objects.get()
    assert response.status_code == 200
    assert (found["claim"], found["suggestions"]) == (str(slot.claim), [])
    assert found["expires_at"] > timezone.now().isoformat()
    assert (found["video"]["id"], found["video"]["key"]) == (video.pk, "123/0")
    assert found["video"]["poster"] == "http://testserver/files/posters/ab/cd/abcd.jpg"
    assert found["video"]["variants"][0] == {
        "url": "http://testserver/files/videos/a.mp4",
        "width": 1280,
        "height": 720,
    }
    assert [variant["width"] for variant in found["video"]["variants"]] == [1280, 640]
    assert (found["video"]["post"]["author"], found["video"]["post"]["text"]) == ("maker", "Made this")
    assert found["video"]["post"]["url"] == "https://x.com/i/status/123"


def test_claim_shows_suggestions_and_notes_it(api: ApiClient) -> None:
    make_prediction(make_video(), make_model("tiny-1"), ai_gen=0.9)

    found = api.send("/queue/claim").json()

    assert found["suggestions"][0] == {"label": "AI_GEN", "probability": 0.9, "model": "tiny-1"}
    assert len(found["suggestions"]) == 17
    assert Slot.objects.get().shown_model == "tiny-1"


def test_claim_of_a_blind_video_says_nothing_of_the_model(api: ApiClient) -> None:
    make_prediction(make_video(split="test"), make_model("tiny-1"), ai_gen=0.9)

    response = api.send("/queue/claim")

    assert response.json()["suggestions"] == []
    assert "tiny-1" not in response.content.decode()


def test_claim_again_gives_the_same_video(api: ApiClient) -> None:
    make_video()
    make_video()

    assert api.send("/queue/claim").json()["claim"] == api.send("/queue/claim").json()["claim"]


def test_claim_of_an_empty_queue_has_no_content(api: ApiClient) -> None:
    response = api.send("/queue/claim")

    assert (response.status_code, response.content) == (204, b"")


@pytest.mark.parametrize("num_videos", [2, 9])
def test_claim_costs_the_same_few_queries(
    num_videos: int, api: ApiClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    model = make_model()
    for _ in range(num_videos):
        make_prediction(make_video(), model)

    SiteSettings.current()

    with django_assert_num_queries(12):
        api.send("/queue/claim")


def test_heartbeat_renews_the_claim(api: ApiClient, slot: Slot) -> None:
    Slot.objects.update(lease_until=timezone.now() + timedelta(minutes=1))

    response = api.send(f"/claims/{slot.claim}/heartbeat")

    assert response.status_code == 200
    assert response.json()["claim"] == str(slot.claim)
    assert response.json()["expires_at"] > (timezone.now() + timedelta(minutes=14)).isoformat()


def test_release_gives_the_video_back(api: ApiClient, slot: Slot) -> None:
    response = api.send(f"/claims/{slot.claim}/release")

    assert response.json() == {"claim": str(slot.claim)}
    assert Slot.objects.get().state == SlotState.FREE


@pytest.mark.parametrize("action", ["heartbeat", "release"])
def test_claim_that_went_to_somebody_else_is_lost(action: str, api: ApiClient, slot: Slot) -> None:
    expired_and_taken(slot)

    response = api.send(f"/claims/{slot.claim}/{action}")

    assert response.status_code == 409
    assert "no longer yours" in response.json()["detail"]
    assert Slot.objects.get().labeler == User.objects.get(username="ben")


def test_answer_is_taken(api: ApiClient, slot: Slot) -> None:
    path, body = answer(
        slot,
        labels={"AI_GEN": True, "SORA": True, "KLING": None},
        evidence=[{"labels": ["SORA"], "kind": "watermark", "quote": "Sora", "at": 1.5}],
        note="See the corner.",
        seconds=6.5,
        question="Is it Sora 2?",
    )

    response = api.send(path, body)

    annotation = Annotation.objects.get()
    assert response.status_code == 201
    assert response.json()["id"] == annotation.pk
    assert (response.json()["labels"]["SORA"], response.json()["labels"]["KLING"]) == (True, None)
    assert (annotation.sora, annotation.kling, annotation.note) == (True, None, "See the corner.")
    assert (annotation.seconds, annotation.question) == (6.5, "Is it Sora 2?")
    evidence = Evidence.objects.get()
    assert (evidence.labels, evidence.kind, evidence.at_seconds) == (["SORA"], "watermark", 1.5)
    assert Video.objects.settled().exists()


def test_late_answer_is_taken_while_nobody_else_has_the_video(api: ApiClient, slot: Slot) -> None:
    Slot.objects.update(lease_until=timezone.now() - timedelta(hours=3))

    assert api.send(*answer(slot)).status_code == 201


BAD: list[tuple[dict[str, Any], str]] = [
    ({"labels": {"AI_GEN": True, "NO_SUCH": True}}, "labels.NO_SUCH: Input should be 'AI_GEN', 'ANIME_2D'"),
    ({"labels": {"AI_GEN": "yes"}}, "labels.AI_GEN: Input should be a valid boolean."),
    ({"labels": {"AI_GEN": 1}}, "labels.AI_GEN: Input should be a valid boolean."),
    ({"labels": {}}, "AI_GEN must be judged: answer yes or no."),
    ({"labels": {"AI_GEN": None}}, "AI_GEN must be judged: answer yes or no."),
    ({"evidence": []}, "Say how you know that it is AI_GEN: it needs evidence of some kind."),
    (
        {"labels": {"AI_GEN": False, "SORA": True}},
        "SORA makes the video AI-generated: AI_GEN must be yes.",
    ),
    ({"note": "x" * 1_000_000}, "note may have 4,000 characters, it has 1,000,000."),
    ({"note": "a\0b"}, "note may not hold the character NUL."),
    ({"seconds": -1}, "seconds must be a number >= 0, it is -1.0."),
    ({"seconds": float("nan")}, "seconds"),
    ({"claim": "not a claim"}, "claim: Input should be a valid UUID"),
    (
        {"labels": {"AI_GEN": False}, "evidence": [{"labels": ["KLING"], "kind": "watermark"}]},
        "There is evidence for KLING, which is not on: leave it out or say yes.",
    ),
    ({"evidence": [{"labels": ["NO_SUCH"], "kind": "author"}]}, "evidence.0.labels.0: Input should be"),
    ({"evidence": [{"labels": [], "kind": "hearsay"}]}, "evidence.0.kind: Input should be 'author'"),
    ({"evidence": [{"kind": "author", "quote": "x" * 1001}]}, "quote may have 1,000 characters"),
    ({"evidence": [{"kind": "other"}] * 51}, "evidence: List should have at most 50 items"),
]


@pytest.mark.parametrize(("fields", "words"), BAD)
def test_answer_that_breaks_a_rule_is_refused_in_words(
    fields: dict[str, Any], words: str, api: ApiClient, slot: Slot
) -> None:
    response = api.send(*answer(slot, **fields))

    assert response.status_code == 422
    assert words in response.json()["detail"]
    assert words in response.json()["errors"][0]
    assert not Annotation.objects.exists()
    assert Slot.objects.get().state == SlotState.HELD


def test_answer_with_a_lost_claim_changes_nothing(api: ApiClient, slot: Slot) -> None:
    expired_and_taken(slot)

    response = api.send(*answer(slot))

    assert response.status_code == 409
    assert not Annotation.objects.exists()


def test_answer_to_a_video_never_claimed_changes_nothing(api: ApiClient) -> None:
    video = make_video()

    response = api.send(
        f"/videos/{video.pk}/annotations", {"claim": str(uuid4()), "labels": {"AI_GEN": False}}
    )

    assert response.status_code == 409
    assert not Annotation.objects.exists()


def test_answer_under_the_claim_of_another_video_changes_nothing(api: ApiClient, slot: Slot) -> None:
    other = make_video()
    _, body = answer(slot)

    response = api.send(f"/videos/{other.pk}/annotations", body)

    assert response.status_code == 422
    assert f"for video {slot.video_id}, not for video {other.pk}" in response.json()["detail"]
    assert not Annotation.objects.exists()


def test_body_that_is_no_json_is_refused(api: ApiClient, slot: Slot) -> None:
    path, _ = answer(slot)

    response = api.post(f"/api{path}", "{not json", content_type="application/json")

    assert response.status_code == 400
    assert "detail" in response.json()


def test_body_that_is_too_large_is_refused(api: ApiClient, slot: Slot) -> None:
    response = api.send(*answer(slot, note="x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)))

    assert response.status_code == 413
    assert "larger than 24 MiB" in response.json()["detail"]


def test_answer_sent_again_under_its_key_gets_the_same_reply(api: ApiClient, slot: Slot) -> None:
    first, second = (api.send(*answer(slot), key="k1") for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert Annotation.objects.count() == 1


def test_answer_sent_again_without_a_key_is_lost(api: ApiClient, slot: Slot) -> None:
    codes = [api.send(*answer(slot)).status_code for _ in range(2)]

    assert codes == [201, 409]


def test_key_used_for_another_answer_is_refused(api: ApiClient, slot: Slot) -> None:
    api.send(*answer(slot), key="k1")

    response = api.send(*answer(slot, labels={"AI_GEN": False}), key="k1")

    assert response.status_code == 422
    assert "'k1' was used for another request" in response.json()["detail"]
    assert Annotation.objects.get().ai_gen is True


def test_key_used_for_another_video_is_refused(api: ApiClient, slot: Slot) -> None:
    _, body = answer(slot)
    api.send(*answer(slot), key="k1")

    assert api.send(f"/videos/{make_video().pk}/annotations", body, key="k1").status_code == 422


def test_keys_of_two_people_do_not_meet(api: ApiClient, slot: Slot) -> None:
    ben = make_user("ben")
    other = hold(make_video().slots.get(), ben)
    api.send(*answer(slot), key="k1")

    assert ApiClient(ben).send(*answer(other), key="k1").status_code == 201


def test_refused_answer_leaves_its_key_free(api: ApiClient, slot: Slot) -> None:
    refused = api.send(*answer(slot, labels={"AI_GEN": None}), key="k1")

    assert refused.status_code == 422
    assert not IdempotencyRecord.objects.exists()
    assert api.send(*answer(slot), key="k1").status_code == 201


def test_key_that_is_too_long_is_refused(api: ApiClient, slot: Slot) -> None:
    response = api.send(*answer(slot), key="k" * 81)

    assert response.status_code == 422
    assert "at most 80 characters" in response.json()["detail"]


def test_reply_is_kept_in_the_transaction_of_the_answer(
    api: ApiClient, slot: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr("labeling.settling.settle_by", refuse)

    with pytest.raises(RuntimeError, match="power cut"):
        api.send(*answer(slot), key="k1")

    assert not Annotation.objects.exists()
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_answer_that_arrives_many_times_at_once_is_taken_once() -> None:
    ana = make_user("ana")
    SiteSettings.current()
    slot = hold(make_video().slots.get(), ana)
    clients = [ApiClient(ana) for _ in range(8)]
    path, body = answer(slot)

    replies = at_once(*[lambda client=client: client.send(path, body, key="k1") for client in clients])

    assert {reply.status_code for reply in replies} == {201}
    assert all(reply.json() == replies[0].json() for reply in replies)
    assert Annotation.objects.count() == 1


def test_predictions_of_a_video_are_listed_served_first(api: ApiClient) -> None:
    video = make_video()
    make_prediction(video, make_model("old"), ai_gen=0.2)
    make_prediction(video, make_model("new"), ai_gen=0.8, is_served=False)

    found = api.read(f"/videos/{video.pk}/predictions").json()

    assert [(each["model"], each["is_served"]) for each in found] == [("old", True), ("new", False)]
    assert found[0]["labels"][0] == {"label": "AI_GEN", "probability": 0.2, "standard_error": 0.05}


def test_predictions_of_a_blind_video_are_for_reviewers(api: ApiClient) -> None:
    video = make_video(split="test")
    make_prediction(video, make_model())
    path = f"/videos/{video.pk}/predictions"

    labelers, reviewers = api.read(path), ApiClient(make_user("rita", role="reviewer")).read(path)

    assert labelers.status_code == 403
    assert "labeled blind" in labelers.json()["detail"]
    assert len(reviewers.json()) == 1


def test_predictions_of_a_blind_video_are_open_once_it_is_settled(api: ApiClient, ben: User) -> None:
    video = make_video(split="test")
    make_prediction(video, make_model())
    make_settlement(video, annotations=[make_annotation(video, ben)])

    assert len(api.read(f"/videos/{video.pk}/predictions").json()) == 1


def test_predictions_of_an_unknown_video(api: ApiClient) -> None:
    assert api.read("/videos/999999/predictions").status_code == 404
