"""One answer for all videos of a footage: each gets its own row."""

from contextlib import ExitStack
from typing import Any

import pytest
from django.contrib.auth.models import User

from labeling import adjudicating, answering, queue, twins
from labeling.answering import Answer, EvidenceItem
from labeling.models import (
    Annotation,
    EvidenceKind,
    Outcome,
    SettlementMethod,
    SiteSettings,
    Slot,
    SlotState,
    Video,
)
from tests.factories import (
    claim_of,
    hold,
    labels,
    make_annotation,
    make_group,
    make_settlement,
    make_user,
    make_video,
)
from tests.races import meanwhile

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


def test_undo_asks_one_other_for_a_copy_that_another_answered(ana: User, ben: User) -> None:
    SiteSettings(overlap_percent=100).save()
    for user in (ana, ben):
        make_annotation(make_video(num_slots=0), user)
    group = make_group()
    copy, first = make_video(group=group, priority=0.9), make_video(group=group, priority=0.5)
    [slot] = queue.claim(ben)
    answering.submit(ben, claim_of(slot), YES)
    Slot.objects.filter(video=first).update(priority=1)
    answer_all(ana)

    answering.undo_last(ana)

    assert [slot.state for slot in copy.slots.order_by("n")].count(SlotState.FREE) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_decision_on_a_copy_waits_for_the_answer_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    ana, rob = make_user("ana"), make_user("rob", "reviewer")
    group = make_group()
    make_video(group=group, priority=0.9)
    copy = make_video(group=group)
    taken = twins.taken

    with ExitStack() as stack:

        def decide_meanwhile(*args: Any) -> list[Slot]:
            found = taken(*args)
            stack.enter_context(meanwhile(lambda: adjudicating.adjudicate(rob, copy, YES)))
            return found

        monkeypatch.setattr(twins, "taken", decide_meanwhile)
        answer_all(ana)

    copy.refresh_from_db()
    assert Annotation.objects.filter(labeler=ana).count() == 2
    assert copy.settlement is not None
    assert copy.settlement.method == SettlementMethod.ADJUDICATED
