"""One answer for all videos of a footage: each gets its own row."""

import pytest
from django.contrib.auth.models import User

from labeling import answering, queue, twins
from labeling.answering import Answer, EvidenceItem
from labeling.models import Annotation, EvidenceKind, Outcome, Slot, SlotState, Video
from tests.factories import claim_of, hold, labels, make_group, make_settlement, make_user, make_video

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

YES = Answer(labels(ai_gen=True), [EvidenceItem([], EvidenceKind.WATERMARK)], seconds=4)


@pytest.fixture
def footage() -> list[Video]:
    """Three videos of one footage, the first one first in the queue."""
    group = make_group()
    return [make_video(group=group, priority=priority) for priority in (0.9, 0.5, 0.1)]


def answer_all(user: User) -> Annotation:
    [slot] = queue.claim(user)
    return answering.submit(user, claim_of(slot), YES, with_twins=True)


def test_number_of_videos_an_answer_could_stand_for(ana: User, footage: list[Video]) -> None:
    hold(footage[2].slots.get(), make_user("ben"))
    make_video()

    assert twins.number(ana, footage[0]) == 1


def test_answer_for_all_is_a_row_for_each(ana: User, footage: list[Video]) -> None:
    first = answer_all(ana)

    others = Annotation.objects.exclude(pk=first.pk).order_by("video")
    assert [answer.video for answer in others] == footage[1:]
    assert {answer.together_with for answer in others} == {first}
    assert {answer.seconds for answer in others} == {None}
    assert [answer.evidence.get().kind for answer in others] == ["watermark", "watermark"]
    assert Video.objects.settled().count() == 3


def test_answer_for_all_says_of_each_what_was_shown(ana: User, footage: list[Video]) -> None:
    Slot.objects.filter(pk=queue.claim(ana)[0].pk).update(shown_model="v5.1")

    answer_all(ana)

    assert list(Annotation.objects.values_list("shown_model", flat=True)) == ["v5.1"] * 3


def test_answer_without_asking_for_it_is_for_one(ana: User, footage: list[Video]) -> None:
    [slot] = queue.claim(ana)

    answering.submit(ana, claim_of(slot), YES)

    assert Annotation.objects.count() == 1


def test_answer_for_all_leaves_what_others_hold_and_what_is_settled(ana: User, footage: list[Video]) -> None:
    hold(footage[1].slots.get(), make_user("ben"))
    make_settlement(footage[2], ai_gen=False)
    Slot.objects.filter(video=footage[2]).update(state=SlotState.OUT)

    answer_all(ana)

    assert Annotation.objects.count() == 1


def test_answer_for_all_takes_what_one_holds_oneself(ana: User, footage: list[Video]) -> None:
    queue.claim(ana, most=3)
    [first, *_] = queue.claim(ana, most=3)

    answering.submit(ana, claim_of(first), YES, with_twins=True)

    assert Video.objects.settled().count() == 3
    assert queue.claim(ana) == []


def test_undo_takes_the_twins_back_too(ana: User, footage: list[Video]) -> None:
    answer_all(ana)

    slot = answering.undo_last(ana)

    assert slot is not None
    assert slot.video == footage[0]
    assert not Video.objects.settled().exists()
    assert Annotation.objects.filter(outcome=Outcome.UNDONE).count() == 3
    assert list(Slot.objects.order_by("video").values_list("state", flat=True)) == ["held", "free", "free"]
