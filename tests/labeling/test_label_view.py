"""The labeling screen, as the server draws it and as it takes what is sent."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cakelens.labels import GENERATORS, V5_LABELS, Label
from labeling import queue
from labeling.models import Annotation, LabelDefinition, Outcome, Slot, Video
from tests import factories

pytestmark = pytest.mark.django_db


def claimed(browser: Client) -> str:
    """Open the screen and return the claim of the clip on it."""
    browser.get("/label/")
    return str(Slot.objects.held().order_by("claimed_at", "pk")[0].claim)


def send(browser: Client, *on: str, claim: str | None = None, **fields: Any) -> Any:
    """Send an answer with those buttons on, as a browser without scripts does."""
    claim = claim or claimed(browser)
    return browser.post(f"/label/{claim}/answer/", {"on": on, **fields})


def shown(response: Any) -> str:
    return str(response.content.decode())


def said(response: Any) -> str:
    """Return the words of refusal on a page."""
    parts = re.findall(r'role="alert">(.*?)</(?:p|div)>', shown(response), re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", "", " ".join(parts)).split())


def button(page: str, name: str) -> str:
    """Return the tag of one label's button."""
    found = re.search(rf'<button[^>]*value="{name}"[^>]*>', page)
    assert found is not None, f"no button {name}"
    return found[0]


# ---- who --------------------------------------------------------------------------------------------


def test_label_asks_to_log_in(client: Client) -> None:
    assert client.get("/label/")["Location"] == "/login/?next=/label/"


def test_label_refuses_who_may_not_label(client: Client) -> None:
    client.force_login(factories.make_user(role=None))

    response = client.get("/label/")

    assert response.status_code == 403
    assert "Your account lacks the right to label videos." in shown(response)


def test_answer_after_a_logout_asks_to_log_in(browser: Client) -> None:
    factories.make_video()
    claim = claimed(browser)
    browser.logout()

    response = browser.post(f"/label/{claim}/answer/", {"on": "NOT_AI"})

    assert response["Location"] == f"/login/?next=/label/{claim}/answer/"


# ---- what is drawn ----------------------------------------------------------------------------------


def test_screen_holds_all_labels_with_their_keys(browser: Client) -> None:
    factories.make_video()

    page = shown(browser.get("/label/"))

    keys = {label: re.search(r'data-key="(.)"', button(page, label)) for label in V5_LABELS}
    assert {label: key[1] for label, key in keys.items() if key} == {
        "AI_GEN": "y", "ANIME_2D": "a", "ANIME_3D": "s", "VIDEO_GAME": "d",
        "KLING": "1", "HIGGSFIELD": "2", "WAN": "3", "MIDJOURNEY": "4", "HAILUO": "5", "RAY": "6", "VEO": "7",
        "RUNWAY": "8", "SORA": "9", "CHATGPT": "0", "PIKA": "q", "HUNYUAN": "w", "VIDU": "e",
    }  # fmt: skip


def test_nothing_is_pressed_at_first(browser: Client) -> None:
    factories.make_video()

    page = shown(browser.get("/label/"))

    assert 'aria-pressed="true"' not in page.split('id="answer"')[1]


def test_post_stands_beside_the_clip(browser: Client) -> None:
    post = factories.make_post("1790", author_handle="maker", text="Made with <b>Veo 3</b>")
    factories.make_video(post=post)

    page = shown(browser.get("/label/"))

    assert "Made with &lt;b&gt;<mark>Veo 3</mark>&lt;/b&gt;" in page
    assert "@maker" in page
    assert 'href="https://x.com/i/status/1790"' in page


def test_sensitive_post_is_hidden_until_asked(browser: Client) -> None:
    factories.make_video(post=factories.make_post(is_sensitive=True))

    hidden, asked = (shown(browser.get(url)) for url in ("/label/", "/label/?show=1"))

    assert "X marks this post as sensitive." in hidden
    assert "data-hidden" not in asked


def test_suggestions_stand_beside_their_labels(browser: Client) -> None:
    video, model = factories.make_video(), factories.make_model("v5.1", is_current=True)
    told = dict.fromkeys(map(str, V5_LABELS), 0.03) | {"AI_GEN": 0.87, "VEO": 0.72, "SORA": 0.31}
    factories.make_prediction(video, model, ai_gen=0.87, probabilities=told)

    page = shown(browser.get("/label/"))

    assert re.search(r"v5\.1</span> says <b>87%</b>", page)
    assert "data-ghost" in button(page, "AI_GEN")
    assert "data-ghost" in button(page, "VEO")
    assert 'aria-description="v5.1 says 72%"' in button(page, "VEO")
    assert 'aria-description="v5.1 says 31%"' in button(page, "SORA")
    assert "data-ghost" not in button(page, "SORA")
    assert "aria-description" not in button(page, "KLING")


def test_unlikely_clip_suggests_no(browser: Client) -> None:
    factories.make_prediction(factories.make_video(), factories.make_model(), ai_gen=0.2)

    page = shown(browser.get("/label/"))

    assert "data-ghost" in button(page, "NOT_AI")
    assert "data-ghost" not in button(page, "AI_GEN")


def test_blind_video_shows_nothing_of_a_prediction(browser: Client) -> None:
    video, model = factories.make_video(is_blind=True), factories.make_model("v5.1")
    told = dict.fromkeys(map(str, V5_LABELS), 0.77)
    prediction = factories.make_prediction(video, model, ai_gen=0.77, probabilities=told)
    factories.make_scores(prediction, b"\0\0" * 17, b"\0\0\0\0")

    page = shown(browser.get("/label/"))

    assert ">blind</span>" in page
    for trace in (
        "v5.1",
        "77%",
        "0.77",
        "data-ghost",
        "data-take",
        "timeline",
        "aria-description",
        "data-peak",
    ):
        assert page.find(trace) == -1, trace


def test_next_clips_are_in_the_page_whole(browser: Client) -> None:
    factories.make_video(priority=1)
    behind = factories.make_video(post=factories.make_post("555", text="the words of the next one"))
    factories.make_prediction(behind, factories.make_model("v5.1"))

    page = shown(browser.get("/label/"))

    [reel] = re.findall(r"<template data-claim.*?</template>", page, re.DOTALL)
    assert behind.variants.get().name in reel
    assert "the words of the next one" in reel
    assert "v5.1" in reel


def test_blind_clip_behind_shows_nothing_of_a_prediction(browser: Client) -> None:
    factories.make_video(priority=1)
    behind = factories.make_video(is_blind=True)
    factories.make_prediction(behind, factories.make_model("v5.1"), ai_gen=0.77)

    page = shown(browser.get("/label/"))

    assert behind.variants.get().name in page
    assert "v5.1" not in page
    assert "77%" not in page


def test_score_timeline_is_drawn(browser: Client) -> None:
    video = factories.make_video()
    prediction = factories.make_prediction(video, factories.make_model())
    factories.make_scores(prediction, b"\x00\x38" * 34, b"\0\0\0\0\0\0\x80\x3f")  # 0.5 each, at 0 s and 1 s

    page = shown(browser.get("/label/"))

    assert page.count('class="timeline-bar') == 2
    assert 'data-start="1.0"' in page


def test_admins_words_for_a_label_stand_in_the_help(browser: Client) -> None:
    LabelDefinition.objects.create(label="VEO", text="Flow counts too.")

    page = shown(browser.get("/label/"))

    assert "Flow counts too." in page
    assert Label.VEO.definition not in page
    assert Label.KLING.definition in page


@pytest.mark.parametrize(
    ("stage", "name"), [("600x340", "640"), ("700x390", "1280"), ("4000x3000", "1920"), ("nonsense", "1920")]
)
def test_encoding_is_the_smallest_that_fills_the_stage(browser: Client, stage: str, name: str) -> None:
    video = factories.make_video()
    video.variants.update(name="videos/640.mp4")
    factories.make_variant(video, width=1280, height=720, name="videos/1280.mp4")
    factories.make_variant(video, width=1920, height=1080, name="videos/1920.mp4")
    browser.cookies["stage"] = stage

    page = shown(browser.get("/label/"))

    assert re.search(r'<video class="clip" src="/files/videos/(\d+)\.mp4"', page)[1] == name  # type: ignore[index]


@pytest.mark.parametrize("num_videos", [3, 12])
def test_screen_asks_the_database_no_more_for_more_videos(
    browser: Client, ana: User, num_videos: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    model = factories.make_model()
    videos = [factories.make_video(num_slots=2) for _ in range(num_videos)]
    for video in videos:
        factories.make_prediction(video, model)
    for video in videos[3:]:
        factories.make_annotation(video, ana)
        Slot.objects.filter(video=video, n=1).update(state="done", labeler=ana)
    claimed(browser)

    with django_assert_num_queries(26):
        browser.get("/label/")


# ---- answers ----------------------------------------------------------------------------------------


def test_answer_is_taken_and_the_next_clip_comes(browser: Client, ana: User) -> None:
    video = factories.make_video(priority=1)
    factories.make_video()

    response = send(browser, "AI_GEN", "VEO", "ANIME_2D", "artefacts", note="smooth hands", seconds="4.2")

    answer = Annotation.objects.get()
    assert response["Location"] == "/label/"
    assert (answer.video, answer.labeler, answer.outcome) == (video, ana, Outcome.LABELED)
    assert answer.positive_labels() == [Label.AI_GEN, Label.ANIME_2D, Label.VEO]
    assert (answer.note, answer.seconds) == ("smooth hands", 4.2)


def test_unknown_generator_stays_unjudged(browser: Client) -> None:
    factories.make_video()

    send(browser, "AI_GEN", "UNKNOWN", "artefacts")

    labels = Annotation.objects.get().labels()
    assert {labels[label] for label in GENERATORS} == {None}


def test_evidence_is_recorded_with_what_it_speaks_for(browser: Client) -> None:
    factories.make_video()

    send(browser, "AI_GEN", "VEO", "author", "watermark", quote="Made with Veo", at_watermark="3.25")

    author, watermark = Annotation.objects.get().evidence.order_by("kind")
    assert (author.kind, author.quote, author.labels) == ("author", "Made with Veo", ["AI_GEN", "VEO"])
    assert (watermark.kind, watermark.at_seconds, watermark.quote) == ("watermark", 3.25, "")


def test_evidence_speaks_for_what_it_is_aimed_at(browser: Client) -> None:
    factories.make_video()

    send(browser, "AI_GEN", "KLING", "author", "artefacts", for_artefacts="AI_GEN")

    artefacts, author = Annotation.objects.get().evidence.order_by("kind")
    assert (author.labels, artefacts.labels) == (["AI_GEN", "KLING"], ["AI_GEN"])


def test_generator_that_no_evidence_is_aimed_at_is_refused(browser: Client) -> None:
    factories.make_video()

    response = send(browser, "AI_GEN", "KLING", "artefacts", for_artefacts="AI_GEN")

    assert response.status_code == 422
    assert said(response) == "Say how you know that it is KLING: it needs evidence of some kind."
    assert 'name="for_artefacts" value="AI_GEN"' in shown(response)
    assert not Annotation.objects.exists()


def test_yes_without_evidence_is_refused(browser: Client) -> None:
    factories.make_video()

    response = send(browser, "AI_GEN", "VEO")

    assert response.status_code == 422
    assert said(response) == "Say how you know that it is AI_GEN, VEO: it needs evidence of some kind."
    assert not Annotation.objects.exists()


@pytest.mark.parametrize("yes", ["AI_GEN", "UNKNOWN"])
def test_yes_and_no_together_are_refused(browser: Client, yes: str) -> None:
    factories.make_video()

    response = send(browser, yes, "NOT_AI", "artefacts")

    assert response.status_code == 422
    assert said(response) == "AI_GEN and not AI cannot both be on: choose one of the two."
    assert not Annotation.objects.exists()


def test_answer_without_ai_gen_is_refused_and_kept_on_screen(browser: Client) -> None:
    factories.make_video()

    response = send(browser, "ANIME_2D", note="not yet")

    page = shown(response)
    assert response.status_code == 422
    assert said(response) == "AI_GEN must be judged: answer yes or no."
    assert 'aria-pressed="true"' in button(page, "ANIME_2D")
    assert "not yet</textarea>" in page
    assert not Annotation.objects.exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"on": "DALLE"}, "DALLE is not one of the available choices"),
        ({"on": "NOT_AI", "note": "x" * 1_000_000}, "may have 4,000 characters"),
        ({"on": "NOT_AI", "seconds": "-1"}, "seconds must be"),
        ({"on": "NOT_AI", "quote": "x" * 1001}, "quote may have 1,000 characters"),
        ({"on": "NOT_AI", "for_author": "AI_GEN DALLE"}, "DALLE is not one of the available choices"),
        ({"on": "NOT_AI", "aim": "author AI_GEN"}, "author AI_GEN is not one of the available choices"),
    ],
)
def test_bad_answer_is_refused_in_words(browser: Client, fields: dict[str, str], words: str) -> None:
    factories.make_video()
    fields = {"quote": "", **fields}
    on = [fields.pop("on"), *(["author"] if fields["quote"] else [])]

    response = send(browser, *on, **fields)

    assert response.status_code == 422
    assert words in said(response)
    assert not Annotation.objects.exists()


def test_lost_claim_is_told_and_the_next_clip_is_there(browser: Client) -> None:
    factories.make_video()

    response = send(browser, "NOT_AI", claim=str(uuid4()))

    assert response.status_code == 409
    assert said(response).startswith("This video is no longer yours")
    assert 'id="answer"' in shown(response)


def test_answer_to_a_video_of_someone_else_is_lost(browser: Client) -> None:
    factories.make_video()
    slot = queue.claim(factories.make_user("ben"))[0]

    assert send(browser, "NOT_AI", claim=str(slot.claim)).status_code == 409


@pytest.mark.parametrize("name", ["answer", "skip", "heartbeat"])
def test_nothing_is_taken_by_get(browser: Client, name: str) -> None:
    assert browser.get(f"/label/{uuid4()}/{name}/").status_code == 405


# ---- without scripts --------------------------------------------------------------------------------


def test_press_without_scripts_is_drawn(browser: Client) -> None:
    factories.make_video()

    page = shown(send(browser, "ANIME_2D", press="VEO", note="kept"))

    pressed = {name for name in (*V5_LABELS, "NOT_AI") if 'aria-pressed="true"' in button(page, name)}
    assert pressed == {"AI_GEN", "VEO", "ANIME_2D"}
    assert "kept</textarea>" in page
    assert not Annotation.objects.exists()


def test_take_without_scripts_presses_every_ghost(browser: Client) -> None:
    video, model = factories.make_video(), factories.make_model()
    told = dict.fromkeys(map(str, V5_LABELS), 0.03) | {"AI_GEN": 0.9, "VEO": 0.7}
    factories.make_prediction(video, model, probabilities=told)

    page = shown(send(browser, press="TAKE"))

    assert 'aria-pressed="true"' in button(page, "AI_GEN")
    assert 'aria-pressed="true"' in button(page, "VEO")


def test_aim_without_scripts_is_drawn_and_kept(browser: Client) -> None:
    factories.make_video()
    on = ("AI_GEN", "KLING", "author", "artefacts")

    aimed = shown(send(browser, *on, aim="artefacts KLING"))
    pressed = shown(send(browser, *on, for_artefacts="AI_GEN", press="ANIME_2D"))

    for page in (aimed, pressed):
        assert 'name="for_artefacts" value="AI_GEN"' in page
        assert 'aria-pressed="false"' in button(page, "artefacts KLING")
        assert 'aria-pressed="true"' in button(page, "author KLING")
    assert not Annotation.objects.exists()


def test_reason_pressed_off_without_scripts_forgets_its_aim(browser: Client) -> None:
    factories.make_video()

    page = shown(send(browser, "AI_GEN", "KLING", "author", for_author="AI_GEN", press="author"))

    assert 'name="for_author" value=""' in page


def test_press_on_a_lost_claim_is_told(browser: Client) -> None:
    assert send(browser, claim=str(uuid4()), press="VEO").status_code == 409


# ---- skip, undo, heartbeat --------------------------------------------------------------------------


def test_skip_takes_the_reason(browser: Client) -> None:
    factories.make_video()

    response = browser.post(f"/label/{claimed(browser)}/skip/", {"reason": "offensive", "note": "gore"})

    answer = Annotation.objects.get()
    assert response["Location"] == "/label/"
    assert (answer.outcome, answer.skip_reason, answer.note) == (Outcome.SKIPPED, "offensive", "gore")


@pytest.mark.parametrize(
    ("reason", "words"), [("", "Say why: choose one of the reasons."), ("bored", "bored is not one of")]
)
def test_skip_needs_a_reason(browser: Client, reason: str, words: str) -> None:
    factories.make_video()

    response = browser.post(f"/label/{claimed(browser)}/skip/", {"reason": reason})

    assert response.status_code == 422
    assert words in said(response)


def test_undo_brings_the_clip_back_as_it_was_answered(browser: Client, ana: User) -> None:
    video = factories.make_video(priority=1)
    factories.make_video()
    send(browser, "AI_GEN", "VEO", "watermark", note="corner", at_watermark="1.5")

    page = shown(browser.post("/label/undo/", follow=True))

    assert video.variants.get().name in page.split("hidden>")[0]
    pressed = [name for name in ("AI_GEN", "VEO", "watermark") if 'aria-pressed="true"' in button(page, name)]
    assert pressed == ["AI_GEN", "VEO", "watermark"]
    assert "corner</textarea>" in page
    assert 'value="1.5" data-at="watermark"' in page
    assert Annotation.objects.filter(labeler=ana).order_by("-pk")[0].outcome == Outcome.UNDONE


def test_undo_brings_the_aims_back(browser: Client) -> None:
    factories.make_video()
    send(browser, "AI_GEN", "KLING", "author", "artefacts", for_artefacts="AI_GEN")

    page = shown(browser.post("/label/undo/", follow=True))

    assert 'name="for_artefacts" value="AI_GEN"' in page
    assert 'name="for_author" value=""' in page


def test_strip_goes_back_to_the_chosen_answer(browser: Client) -> None:
    first, second = factories.make_video(priority=2), factories.make_video(priority=1)
    send(browser, "AI_GEN", "artefacts")
    send(browser, "NOT_AI")
    chosen = Annotation.objects.get(video=first)

    browser.post("/label/undo/", {"annotation": chosen.pk})

    assert first.annotations.order_by("-pk")[0].outcome == Outcome.UNDONE
    assert second.annotations.count() == 1


def test_undo_with_nothing_to_undo_says_so(browser: Client) -> None:
    response = browser.post("/label/undo/")

    assert response.status_code == 422
    assert said(response) == "None of your last answers is left to go back to."


def test_undo_leaves_other_peoples_answers_alone(browser: Client) -> None:
    theirs = factories.make_annotation(factories.make_video(), factories.make_user("ben"))

    assert browser.post("/label/undo/", {"annotation": theirs.pk}).status_code == 422


def test_heartbeat_keeps_the_claim(browser: Client) -> None:
    factories.make_video()
    claim = claimed(browser)
    Slot.objects.update(lease_until=timezone.now())

    response = browser.post(f"/label/{claim}/heartbeat/")

    assert response.status_code == 204
    assert Slot.objects.held().count() == 1


def test_heartbeat_of_a_lost_claim_says_so(browser: Client) -> None:
    response = browser.post(f"/label/{uuid4()}/heartbeat/")

    assert response.status_code == 409


# ---- nothing to label -------------------------------------------------------------------------------


def test_empty_queue_says_how_to_begin(browser: Client) -> None:
    page = shown(browser.get("/label/"))

    assert "Nothing has been collected yet" in page
    assert "make demo" in page


def test_finished_queue_says_so(browser: Client) -> None:
    factories.make_video()
    send(browser, "AI_GEN", "artefacts")

    page = shown(browser.get("/label/"))

    assert "You have judged every clip there is" in page
    assert "undo the last answer" in page


def test_held_clips_are_named_with_who_holds_them_until_when(browser: Client) -> None:
    ben = factories.make_user("ben")
    slots = [factories.hold(factories.make_slot(video), ben) for video in bare_videos(3)]

    page = shown(browser.get("/label/"))

    until = f"{slots[-1].lease_until:%H:%M}"
    assert f"3 videos are held by ben until <b>{until}</b>." in page


def bare_videos(number: int) -> list[Video]:
    return [factories.make_video(num_slots=0) for _ in range(number)]


def test_strip_says_what_was_answered(browser: Client, ana: User) -> None:
    factories.make_annotation(factories.make_video(), ana, ai_gen=True, veo=True)
    factories.make_annotation(factories.make_video(), ana, ai_gen=False)
    factories.make_annotation(factories.make_video(), ana, "skipped")

    page = shown(browser.get("/label/"))

    names = re.findall(r'aria-label="Go back to ([^"]*)"', page)
    assert names == ["skipped: cannot tell", "not AI", "AI_GEN, VEO"]
