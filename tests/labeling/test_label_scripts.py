"""What the labeling screen's scripts ask for and are told."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from labeling import answering, queue
from labeling.models import (
    Annotation,
    IdempotencyRecord,
    SiteSettings,
    SkipDestination,
    SkipReason,
    Slot,
    SlotState,
    Video,
)
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def script(client: Client, ana: User) -> Client:
    """The scripts of a page that was drawn for Ana."""
    client.force_login(ana)
    client.defaults["HTTP_X_LABELER"] = str(ana.pk)
    return client


@pytest.fixture
def slot(ana: User) -> Slot:
    """A slot that Ana holds."""
    return factories.hold(factories.make_video().slots.get(), ana)


def send(script: Client, slot: Slot, *, key: str = "", **fields: Any) -> Any:
    """Send an answer of no, unless told otherwise."""
    body = {"on": "NOT_AI", "video": slot.video_id} | fields
    headers = {"Idempotency-Key": key} if key else {}
    return script.post(f"/label/{slot.claim}/answer/", body, headers=headers)


def expired(slot: Slot) -> Slot:
    Slot.objects.filter(pk=slot.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
    found: Slot = Slot.objects.get(pk=slot.pk)
    return found


def way_back(script: Client, slot: Slot) -> str:
    """Return where the page that is drawn while `slot` is held says that its clip can be taken again."""
    page = html(script.get("/label/"))
    [url] = re.findall(rf'data-reclaim="(/label/video/{slot.video_id}/take/[^"]*)"', page)
    return str(url)


def html(response: Any) -> str:
    return str(response.content.decode())


def test_answer_is_told_by_its_number(script: Client, slot: Slot) -> None:
    response = send(script, slot)

    assert response.status_code == 201
    assert response.json() == {"annotation": Annotation.objects.get().pk}


def test_skip_is_told_by_its_number(script: Client, slot: Slot) -> None:
    response = script.post(f"/label/{slot.claim}/skip/", {"reason": "cannot_tell"})

    assert response.status_code == 201
    assert response.json() == {"annotation": Annotation.objects.get().pk}


def test_answer_sent_again_under_its_key_is_taken_once(script: Client, slot: Slot) -> None:
    first, second = (send(script, slot, key="k1") for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert Annotation.objects.count() == 1


def test_new_token_makes_no_other_request_of_it(script: Client, slot: Slot) -> None:
    send(script, slot, key="k1", csrfmiddlewaretoken="before the login")

    again = send(script, slot, key="k1", csrfmiddlewaretoken="after it")

    assert again.status_code == 201


def test_key_used_for_another_answer_is_refused(script: Client, slot: Slot) -> None:
    send(script, slot, key="k1")

    response = send(script, slot, key="k1", note="changed")

    assert response.status_code == 422
    assert "was used for another request" in response.json()["detail"]


def test_key_that_is_too_long_is_refused(script: Client, slot: Slot) -> None:
    response = send(script, slot, key="k" * 81)

    assert response.status_code == 422
    assert response.json()["detail"] == "Idempotency-Key may have 80 characters, it has 81."


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"on": "DALLE"}, "DALLE is not one of the available choices"),
        ({"on": "VEO"}, "AI_GEN must be judged"),
        ({"on": ["NOT_AI", "VEO"]}, "VEO makes the video AI-generated: AI_GEN must be yes."),
        ({"on": ["AI_GEN", "VEO"]}, "it needs evidence of some kind"),
        ({"note": "x" * 1_000_000}, "note may have 4,000 characters, it has 1,000,000."),
        ({"question": "x" * 1001}, "question may have 1,000 characters, it has 1,001."),
    ],
)
def test_bad_answer_is_refused_and_changes_nothing(
    script: Client, slot: Slot, fields: dict[str, Any], words: str
) -> None:
    response = send(script, slot, key="k1", **fields)

    assert response.status_code == 422
    assert words in response.json()["detail"]
    assert not Annotation.objects.exists()
    assert not IdempotencyRecord.objects.exists()
    assert Slot.objects.get().state == SlotState.HELD


def test_labels_for_a_video_never_claimed_are_refused(script: Client) -> None:
    video = factories.make_video()

    response = script.post(f"/label/{uuid4()}/answer/", {"on": "NOT_AI", "video": video.pk})

    assert response.status_code == 409
    assert response.json()["is_free"] is True
    assert not Annotation.objects.exists()


@pytest.mark.parametrize("video", ["", "none", "-1", "9" * 30])
def test_lost_claim_without_a_known_video_is_still_told(script: Client, video: str) -> None:
    response = script.post(f"/label/{uuid4()}/answer/", {"on": "NOT_AI", "video": video})

    assert response.status_code == 409
    assert set(response.json()) == {"detail"}


def test_claim_that_went_to_somebody_else_says_to_whom(script: Client, slot: Slot) -> None:
    with time_machine.travel(datetime(2026, 11, 23, 12, tzinfo=UTC), tick=False):
        factories.hold(expired(slot), factories.make_user("ben"))

        response = send(script, slot)

    assert response.status_code == 409
    assert response.json()["fate"] == "ben has it until 12:15."
    assert (response.json()["is_free"], response.json()["is_over"]) == (False, False)
    assert not Annotation.objects.exists()


def test_claim_that_somebody_else_answered_says_who(script: Client, slot: Slot) -> None:
    Slot.objects.update(state="done", labeler=factories.make_user("ben"), claim=None, lease_until=None)

    assert send(script, slot).json()["fate"] == "ben answered it meanwhile."


def test_video_answered_in_another_window_says_so(script: Client, slot: Slot) -> None:
    send(script, slot)

    said = send(script, slot).json()

    assert said["fate"] == "You answered it already, perhaps in another window."
    assert said["is_over"] is True


def test_video_that_left_the_queue_says_so(script: Client, slot: Slot) -> None:
    Slot.objects.update(state="out", labeler=None, claim=None, lease_until=None)

    assert send(script, slot).json()["fate"] == "It left the queue meanwhile."


def test_free_video_is_taken_again_and_answered(script: Client, slot: Slot, ana: User) -> None:
    url = way_back(script, slot)
    queue.release(ana, factories.claim_of(slot))

    taken = script.post(url).json()
    response = script.post(taken["urls"]["answer"], {"on": "NOT_AI"})

    assert response.status_code == 201
    assert Annotation.objects.get().video == slot.video


def test_claim_of_a_video_that_is_kept_for_later_says_the_day_too(script: Client, slot: Slot) -> None:
    later = datetime(2026, 11, 26, 9, 5, tzinfo=UTC)
    kept = {"state": SlotState.KEPT, "labeler": factories.make_user("ben"), "lease_until": later}
    Slot.objects.filter(pk=slot.pk).update(**kept, due_at=later)

    with time_machine.travel(later - timedelta(days=2), tick=False):
        response = send(script, slot)

    assert response.json()["fate"] == "ben has it until 26 Nov, 09:05."


def test_video_that_its_person_keeps_for_later_is_taken_again(script: Client, slot: Slot, ana: User) -> None:
    url = way_back(script, slot)
    answering.skip(ana, factories.claim_of(slot), SkipReason.CANNOT_TELL, destination=SkipDestination.LATER)

    lost = send(script, slot).json()
    taken = script.post(url).json()
    script.post(taken["urls"]["answer"], {"on": "NOT_AI"})

    assert lost["is_free"]
    assert [slot.state for slot in slot.video.slots.all()] == [SlotState.DONE]


def test_video_taken_again_was_shown_what_it_was(script: Client, slot: Slot, ana: User) -> None:
    factories.make_prediction(slot.video, factories.make_model("v5.1"))
    url = way_back(script, slot)
    queue.release(ana, factories.claim_of(slot))

    taken = script.post(url).json()
    script.post(taken["urls"]["answer"], {"on": "NOT_AI"})

    assert Annotation.objects.get().shown_model == "v5.1"


def test_video_of_somebody_else_is_not_taken_again(script: Client, slot: Slot) -> None:
    url = way_back(script, slot)
    factories.hold(expired(slot), factories.make_user("ben"))

    response = script.post(url, {"video": slot.video_id})

    assert response.status_code == 409
    assert response.json()["fate"].startswith("ben has it until")


def test_undo_sent_again_under_its_key_takes_one_answer_back(script: Client, ana: User) -> None:
    for _ in range(2):
        send(script, factories.hold(factories.make_video().slots.get(), ana))

    first, again = (script.post("/label/undo/", headers={"Idempotency-Key": "k1"}) for _ in range(2))

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert Annotation.objects.filter(outcome="undone").count() == 1


def test_video_that_was_never_given_is_not_taken_by_hand(script: Client, slot: Slot) -> None:
    query = way_back(script, slot).partition("?")[2]
    chosen = factories.make_video(split="test")

    for forged in (f"/label/video/{chosen.pk}/take/", f"/label/video/{chosen.pk}/take/?{query}"):
        response = script.post(forged, {"video": chosen.pk})
        assert response.status_code == 403
        assert "never given to you" in response.json()["detail"]

    assert chosen.slots.get().state == SlotState.FREE


def test_way_back_to_a_video_is_one_persons(script: Client, slot: Slot, client: Client) -> None:
    url = way_back(script, slot)
    Slot.objects.update(**queue.FREED)
    ben = factories.make_user("ben")
    client.force_login(ben)

    response = client.post(url, {"video": slot.video_id}, headers={"X-Labeler": str(ben.pk)})

    assert response.status_code == 403
    assert slot.video.slots.get().state == SlotState.FREE


def test_who_takes_a_video_again_holds_no_more_than_anybody(script: Client, slot: Slot, ana: User) -> None:
    url = way_back(script, slot)
    queue.release(ana, factories.claim_of(slot))
    ahead = [factories.hold(factories.make_video().slots.get(), ana) for _ in range(queue.MOST_HELD)]

    script.post(url)

    held = set(Slot.objects.held_by(ana).values_list("pk", flat=True))
    assert held == {ahead[0].pk, ahead[1].pk, slot.pk}


def test_full_day_takes_no_video_again(script: Client, slot: Slot, ana: User) -> None:
    url = way_back(script, slot)
    queue.release(ana, factories.claim_of(slot))
    factories.make_annotation(factories.make_video(), ana)
    SiteSettings.objects.update(answers_per_day=1)

    response = script.post(url, {"video": slot.video_id})

    assert response.status_code == 403
    assert "Your day is full" in response.json()["detail"]
    assert not Slot.objects.held_by(ana).exists()


def test_logged_out_script_is_told_so(script: Client, slot: Slot) -> None:
    script.logout()

    assert send(script, slot).status_code == 401
    assert script.get("/label/ahead/").status_code == 401
    assert not Annotation.objects.exists()


def test_page_of_one_person_never_answers_for_another(script: Client, slot: Slot) -> None:
    script.force_login(factories.make_user("ben"))

    assert send(script, slot).status_code == 401
    assert not Annotation.objects.exists()


def test_skip_takes_a_destination(script: Client, slot: Slot) -> None:
    fields = {"reason": "cannot_tell", "destination": "later", "question": "Is it Veo?"}

    response = script.post(f"/label/{slot.claim}/skip/", fields)

    skipped = Annotation.objects.get()
    assert response.status_code == 201
    assert (skipped.skipped_to, skipped.question) == ("later", "Is it Veo?")


def test_unknown_destination_is_refused(script: Client, slot: Slot) -> None:
    response = script.post(f"/label/{slot.claim}/skip/", {"reason": "other", "destination": "moon"})

    assert response.status_code == 422
    assert not Annotation.objects.exists()


def test_undo_tells_the_new_claim(script: Client, slot: Slot) -> None:
    send(script, slot)

    reply = script.post("/label/undo/").json()

    slot.refresh_from_db()
    assert reply["claim"] == str(slot.claim)


def test_ahead_draws_only_what_is_not_there_yet(script: Client) -> None:
    videos = [factories.make_video(priority=-place) for place in range(4)]
    script.get("/label/")
    held = [str(claim) for claim in claims_in_order()]

    page = html(script.get("/label/ahead/", {"have": " ".join(held[:2])}))

    assert page.count("<template data-claim=") == 1
    assert f'<template data-claim="{held[2]}"' in page
    assert f'data-held="{" ".join(held)}"' in page
    assert videos[2].variants.get().name in page


def test_ahead_says_when_nothing_is_left(script: Client) -> None:
    page = html(script.get("/label/ahead/"))

    assert 'data-held=""' in page
    assert "Nothing has been collected yet" in page


def claims_in_order() -> list[Any]:
    return list(Slot.objects.held().order_by("claimed_at", "pk").values_list("claim", flat=True))


def test_one_answer_stands_for_all_copies(script: Client, ana: User) -> None:
    group = factories.make_group()
    videos = [factories.make_video(group=group, priority=-place) for place in range(3)]
    page = html(script.get("/label/"))
    slot = Slot.objects.get(video=videos[0])

    response = send(script, slot, twins="on")

    assert "the same answer for the 2 other copies of this footage" in " ".join(page.split())
    assert response.status_code == 201
    assert {each.video for each in Annotation.objects.filter(ai_gen=False)} == set(videos)


def test_clip_without_copies_offers_none(script: Client, slot: Slot) -> None:
    assert 'name="twins"' not in html(script.get("/label/"))
    assert Video.objects.count() == 1
