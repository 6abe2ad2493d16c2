"""What a person may see of the model's opinion, and that it is written down."""

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from cakelens.labels import V5_LABELS, Label
from labeling import answering, queue, suggesting
from labeling.models import Slot
from tests.factories import (
    claim_of,
    hold,
    make_answer,
    make_model,
    make_prediction,
    make_scores,
    make_user,
    make_video,
)

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def predicted_slot(user: User, *, is_blind: bool = False, is_served: bool = True) -> Slot:
    """A slot that `user` holds, of a video that tiny-1 thinks is AI by 90%."""
    slot = hold(make_video(is_blind=is_blind).slots.get(), user)
    make_prediction(slot.video, make_model(), ai_gen=0.9, is_served=is_served)
    return slot


def test_holder_sees_the_served_prediction(ana: User) -> None:
    shown = suggesting.suggestions_for(predicted_slot(ana))

    assert shown is not None
    assert shown.model_slug == "tiny-1"
    assert [suggestion.label for suggestion in shown.suggestions] == list(V5_LABELS)
    assert shown.suggestions[0] == (Label.AI_GEN, 0.9, 0.05)


def test_what_was_shown_is_written_down_in_the_answer(ana: User) -> None:
    slot = predicted_slot(ana)
    suggesting.suggestions_for(slot)

    annotation = answering.submit(ana, claim_of(slot), make_answer(ai_gen=True))

    assert annotation.shown_model == "tiny-1"


def test_answer_given_without_looking_says_nothing_was_shown(ana: User) -> None:
    slot = predicted_slot(ana)

    annotation = answering.submit(ana, claim_of(slot), make_answer(ai_gen=True))

    assert annotation.shown_model == ""


def test_blind_video_shows_nothing(ana: User) -> None:
    slot = predicted_slot(ana, is_blind=True)

    assert suggesting.suggestions_for(slot) is None
    slot.refresh_from_db()
    assert slot.shown_model == ""


def test_test_video_shows_nothing(ana: User) -> None:
    slot = hold(make_video(split="test").slots.get(), ana)
    make_prediction(slot.video, make_model())

    assert suggesting.suggestions_for(slot) is None


def test_prediction_that_is_not_served_shows_nothing(ana: User) -> None:
    assert suggesting.suggestions_for(predicted_slot(ana, is_served=False)) is None


def test_video_without_a_prediction_shows_nothing(ana: User) -> None:
    slot = hold(make_video().slots.get(), ana)

    assert suggesting.suggestions_for(slot) is None


def test_claim_that_went_to_somebody_else_keeps_its_own_note(ana: User) -> None:
    slot = predicted_slot(ana)
    stale = Slot.objects.get(pk=slot.pk)
    hold(slot, make_user("ben"))

    suggesting.suggestions_for(stale)

    slot.refresh_from_db()
    assert slot.shown_model == ""


def test_suggestions_of_a_slot_cost_one_query_and_a_note(
    ana: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    predicted_slot(ana)
    [slot] = queue.claim(ana)

    with django_assert_num_queries(2):
        suggesting.suggestions_for(slot)


def test_scores_of_the_prediction_come_with_it(
    ana: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    slot = predicted_slot(ana)
    make_scores(slot.video.predictions.get(), b"\x00\x3c", b"\x00\x00\x00\x00")
    shown = suggesting.suggestions_for(slot)
    assert shown is not None

    with django_assert_num_queries(0):
        scores = bytes(shown.prediction.scores.scores_float16)

    assert scores == b"\x00\x3c"
