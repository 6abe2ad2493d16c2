"""The pages of a reviewer, with the real client."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cakelens.labels import Label
from inference.models import ModelVersion
from labeling import queue, settling, voiding
from labeling.models import Annotation, GoldAnswer, Outcome, QuestionReply, ReviewOutcome, Settlement, Video
from tests.factories import (
    hold,
    make_annotation,
    make_evidence,
    make_model,
    make_prediction,
    make_settlement,
    make_superuser,
    make_user,
    make_video,
)

pytestmark = pytest.mark.django_db

NO = {"on": ["NOT_AI"]}
YES = {"on": ["AI_GEN", "artefacts"]}


def disputed() -> Video:
    video = make_video()
    make_evidence(
        make_annotation(video, make_user(f"ana-{video.pk}"), sora=True), Label.SORA, quote="by Sora"
    )
    make_annotation(video, make_user(f"ben-{video.pk}"), ai_gen=False)
    settling.settle(video)
    video.refresh_from_db()
    return video


def contradicted(ai_gen: float = 0.97, *, said: bool = False, split: str = "train") -> Video:
    """Make a video that people called not AI, and tiny-1 AI."""
    video = make_video(split=split)
    make_annotation(video, make_user(f"cleo-{video.pk}"), ai_gen=said)
    make_settlement(video, ai_gen=said, method="single", annotations=video.annotations.all())
    model = ModelVersion.objects.filter(slug="tiny-1").first() or make_model("tiny-1")
    make_prediction(video, model, ai_gen=ai_gen)
    return video


@pytest.mark.parametrize("path", ["/review/", "/review/agreement/", "/review/models/tiny-1/"])
def test_review_is_for_reviewers(path: str, client: Client) -> None:
    client.force_login(make_user("ana"))

    assert client.get(path).status_code == 403


def test_review_asks_strangers_to_log_in(client: Client) -> None:
    assert client.get("/review/").status_code == 302


def test_review_with_nothing_to_do_says_what_comes_here(client: Client, rob: User) -> None:
    page = client.get("/review/").text

    assert "No two people contradict each other" in page
    assert "No model has judged a video yet" in page
    assert "Nobody asks anything" in page


def test_review_lists_what_waits(
    client: Client, rob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        disputed()
    contradicted()

    # session, user, rights (2); gold, disputes, their number, models, questions, the last decision
    with django_assert_num_queries(10):
        page = client.get("/review/").text

    assert "3, the oldest first" in page
    assert "/review/models/tiny-1/" in page


def test_model_with_a_point_in_its_name_has_its_page(client: Client, rob: User) -> None:
    make_prediction(make_video(), make_model("v5.1"))

    assert "/review/models/v5.1/" in client.get("/review/").text
    assert client.get("/review/models/v5.1/").status_code == 200


def test_dispute_shows_both_sides_with_their_evidence(client: Client, rob: User) -> None:
    video = disputed()

    page = client.get(f"/review/videos/{video.pk}/").text

    assert "“by Sora”" in page
    assert f"ana-{video.pk}" in page
    assert "disputed" in page


def test_decision_counts_and_leads_to_the_next(client: Client, rob: User) -> None:
    first, second = disputed(), disputed()

    response = client.post(f"/review/videos/{first.pk}/", NO)

    settlement = Settlement.objects.standing().get()
    assert response["Location"] == f"/review/videos/{second.pk}/"
    assert (settlement.video, settlement.method, settlement.ai_gen) == (first, "adjudicated", False)
    assert settlement.annotations.get().labeler == rob
    assert Annotation.objects.filter(video=first).count() == 3


def test_decision_closes_the_video_to_labelers(client: Client, rob: User) -> None:
    video = disputed()

    client.post(f"/review/videos/{video.pk}/", NO)

    assert queue.claim(make_user("dora")) == []


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "AI_GEN must be judged"),
        ({"on": ["AI_GEN"]}, "Say how you know"),
        ({"on": ["NOT_AI", "VEO"]}, "has no generator"),
        ({"on": ["NOT_AI"], "note": "x" * 5000}, "note may have 4,000 characters"),
        ({"on": ["UNHEARD_OF"]}, "UNHEARD_OF"),
    ],
)
def test_decision_that_breaks_a_rule_is_refused_in_words(
    sent: dict[str, list[str]], words: str, client: Client, rob: User
) -> None:
    video = disputed()

    response = client.post(f"/review/videos/{video.pk}/", sent)

    assert response.status_code == 422
    assert words in response.text
    assert not Settlement.objects.standing().exists()


def test_generator_says_yes_by_itself(client: Client, rob: User) -> None:
    video = disputed()

    client.post(f"/review/videos/{video.pk}/", {"on": ["VEO", "watermark"]})

    settlement = Settlement.objects.standing().get()
    assert (settlement.ai_gen, settlement.veo, settlement.sora) == (True, True, False)


def test_contradicted_clip_tells_nothing_of_either_side(client: Client, rob: User) -> None:
    video = contradicted()

    page = client.get("/review/models/tiny-1/").text

    assert f'value="{video.pk}"' in page
    assert f"cleo-{video.pk}" not in page
    assert "97%" not in page


@pytest.mark.parametrize(
    ("ai_gen", "said", "split"), [(0.6, False, "train"), (0.97, True, "train"), (0.97, False, "test")]
)
def test_only_sure_contradictions_outside_the_test_set_come_up(
    ai_gen: float, said: bool, split: str, client: Client, rob: User
) -> None:
    contradicted(ai_gen, said=said, split=split)

    assert "Nothing is left to judge" in client.get("/review/models/tiny-1/").text


def test_clip_that_the_reviewer_answered_does_not_come_up(client: Client, rob: User) -> None:
    make_annotation(contradicted(), rob)

    assert "Nothing is left to judge" in client.get("/review/models/tiny-1/").text


@pytest.mark.parametrize(
    ("sent", "finding", "counts"),
    [(YES, "human_wrong", True), (NO, "model_wrong", False), ({"cannot_tell": "1"}, "ambiguous", False)],
)
def test_blind_judgement_says_who_was_wrong(
    sent: dict[str, str], finding: str, counts: bool, client: Client, rob: User
) -> None:
    video = contradicted()

    response = client.post("/review/models/tiny-1/", {"video": video.pk} | sent, follow=True)

    outcome = ReviewOutcome.objects.get()
    assert (outcome.finding, outcome.model_slug, outcome.reviewer) == (finding, "tiny-1", rob)
    assert Settlement.objects.standing().get().ai_gen is counts
    assert "97%" in response.text
    assert f"cleo-{video.pk}" in response.text


@pytest.mark.parametrize(("slug", "split"), [("v9", "train"), ("v5.1", "test")])
def test_what_the_model_did_not_judge_and_test_videos_are_not_judged_against_it(
    slug: str, split: str, client: Client, rob: User
) -> None:
    video = make_video(split=split)
    make_prediction(video, make_model("v5.1"), ai_gen=0.97)

    response = client.post(f"/review/models/{slug}/", {"video": video.pk, **NO})

    assert response.status_code == 404
    assert not ReviewOutcome.objects.exists()


def test_blind_judgement_sent_twice_is_one(client: Client, rob: User) -> None:
    video = contradicted()

    for _ in range(2):
        client.post("/review/models/tiny-1/", {"video": video.pk} | YES)

    assert ReviewOutcome.objects.count() == 1
    assert Annotation.objects.filter(labeler=rob).count() == 1


def test_finding_called_ambiguous_brings_back_what_counted(client: Client, rob: User) -> None:
    video = contradicted()
    client.post("/review/models/tiny-1/", {"video": video.pk} | YES)

    client.post(f"/review/outcomes/{ReviewOutcome.objects.get().pk}/")

    assert ReviewOutcome.objects.get().finding == "ambiguous"
    assert Settlement.objects.standing().get().ai_gen is False


def test_decision_is_taken_back_where_it_was_made(client: Client, rob: User) -> None:
    video, waiting = disputed(), disputed()
    client.post(f"/review/videos/{video.pk}/", NO)
    decision = Annotation.objects.get(labeler=rob)
    url = f"/review/decisions/{decision.pk}/undo/"
    pages = [f"/review/videos/{waiting.pk}/", "/review/", f"/videos/{video.pk}/"]
    offered = [url in client.get(page).text for page in pages]

    response = client.post(url, follow=True)

    video.refresh_from_db()
    assert offered == [True] * 3
    assert (video.settlement, video.disputed_at is None) == (None, False)
    assert "what counted before counts again" in response.text
    assert [url in client.get(page).text for page in pages] == [False] * 3


def test_decision_taken_back_twice_is_taken_back_once(client: Client, rob: User) -> None:
    client.post(f"/review/videos/{disputed().pk}/", NO)
    url = f"/review/decisions/{Annotation.objects.get(labeler=rob).pk}/undo/"

    client.post(url)
    client.post(url)

    assert Annotation.objects.filter(labeler=rob, outcome="undone").count() == 1


def test_decision_before_counts_again(client: Client, rob: User) -> None:
    video = disputed()
    for sent in (YES, NO):
        client.post(f"/review/videos/{video.pk}/", sent)

    client.post(f"/review/decisions/{Annotation.objects.filter(labeler=rob).latest('pk').pk}/undo/")

    assert Settlement.objects.standing().get().ai_gen is True


def test_decision_of_somebody_else_is_not_taken_back(client: Client, rob: User) -> None:
    video = disputed()
    client.post(f"/review/videos/{video.pk}/", NO)
    client.force_login(make_user("rita", "reviewer"))
    url = f"/review/decisions/{Annotation.objects.get(labeler=rob).pk}/undo/"

    assert client.post(url).status_code == 404
    assert url not in client.get(f"/videos/{video.pk}/").text
    assert Settlement.objects.standing().get().ai_gen is False


def test_decision_that_was_declared_void_is_not_taken_back_too(client: Client, rob: User) -> None:
    video = disputed()
    client.post(f"/review/videos/{video.pk}/", NO)
    decision = Annotation.objects.get(labeler=rob)
    now = timezone.now()
    voiding.void(make_superuser(), rob, now - timedelta(hours=1), now + timedelta(hours=1), "a test")
    url = f"/review/decisions/{decision.pk}/undo/"

    assert url not in client.get(f"/videos/{video.pk}/").text
    client.post(url)

    assert not Annotation.objects.filter(outcome="undone").exists()


def test_decision_against_people_is_taken_back_with_its_finding(client: Client, rob: User) -> None:
    video = contradicted()
    client.post("/review/models/tiny-1/", {"video": video.pk} | YES)

    client.post(f"/review/decisions/{Annotation.objects.get(labeler=rob).pk}/undo/")

    assert ReviewOutcome.objects.get().finding == "ambiguous"
    assert Settlement.objects.standing().get().ai_gen is False


def test_who_decides_a_clip_is_not_asked_for_it_again(client: Client, rob: User) -> None:
    slot = hold(disputed().slots.get(), rob)

    client.post(f"/review/videos/{slot.video_id}/", NO)

    assert queue.claim(rob) == []


def test_others_are_not_told_to_wait_for_what_is_decided(client: Client, rob: User, ana: User) -> None:
    slot = hold(disputed().slots.get(), make_user("tom"))

    client.post(f"/review/videos/{slot.video_id}/", NO)

    assert queue.waiting(ana).holders == []


def test_model_that_nobody_has_says_nothing_is_left(client: Client, rob: User) -> None:
    assert "Nothing is left to judge" in client.get("/review/models/no-such-model/").text


def test_question_is_listed_until_it_is_answered(client: Client, rob: User) -> None:
    asked = make_annotation(make_video(), make_user("ana"), question="Is a deepfake AI_GEN?")
    before = client.get("/review/").text

    client.post(f"/review/questions/{asked.pk}/", {"text": "Yes, it is."})

    assert "Is a deepfake AI_GEN?" in before
    assert "Is a deepfake AI_GEN?" not in client.get("/review/").text
    assert QuestionReply.objects.get().reviewer == rob


def test_question_taken_back_is_not_listed(client: Client, rob: User) -> None:
    asked = make_annotation(make_video(), make_user("ana"), question="Is a deepfake AI_GEN?")
    make_annotation(asked.video, asked.labeler, Outcome.UNDONE, replaces=asked)

    assert "Is a deepfake AI_GEN?" not in client.get("/review/").text


@pytest.mark.parametrize("text", ["", "x" * 4001])
def test_reply_without_words_or_with_too_many_is_refused(text: str, client: Client, rob: User) -> None:
    asked = make_annotation(make_video(), make_user("ana"), question="Is a deepfake AI_GEN?")

    response = client.post(f"/review/questions/{asked.pk}/", {"text": text}, follow=True)

    assert "A reply needs words" in response.text
    assert not QuestionReply.objects.exists()


def test_settled_video_can_be_made_gold_and_retired(client: Client, rob: User) -> None:
    video = make_video()
    make_settlement(video, veo=True)

    before = client.get(f"/videos/{video.pk}/").text
    after = client.post(f"/review/videos/{video.pk}/gold/", follow=True).text
    gold = GoldAnswer.objects.get()
    client.post(f"/review/videos/{video.pk}/gold/", {"retire": "1"})

    assert ("Make it gold" in before, "Make it gold" in after) == (True, False)
    assert "Test nobody with it any more" in after
    assert (gold.veo, gold.added_by) == (True, rob)
    assert not GoldAnswer.objects.in_use().exists()


def test_labelers_are_not_offered_gold(client: Client, ana: User) -> None:
    video = make_video()
    make_settlement(video, veo=True)
    client.force_login(ana)

    assert "gold" not in client.get(f"/videos/{video.pk}/").text.lower()


def test_video_that_nothing_counts_for_cannot_be_gold(client: Client, rob: User) -> None:
    response = client.post(f"/review/videos/{make_video().pk}/gold/", follow=True)

    assert "Nothing counts for this video yet" in response.text
    assert not GoldAnswer.objects.exists()
