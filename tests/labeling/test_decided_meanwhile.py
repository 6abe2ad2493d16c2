"""A clip that was decided, or withdrawn, while somebody had it: nobody else is asked for it."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from labeling import adjudicating, answering, queue
from labeling.answering import Answer, EvidenceItem
from labeling.models import EvidenceKind, SkipDestination, SkipReason, Slot, SlotState, Video
from tests.factories import claim_of, labels, make_group, make_user, make_video
from training.batches import withdrawing

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

End = Callable[[Video], object]
YES = Answer(labels(ai_gen=True), [EvidenceItem([], EvidenceKind.WATERMARK)], seconds=4)
NO = Answer(labels(ai_gen=False), seconds=4)


def decide(video: Video) -> object:
    return adjudicating.adjudicate(make_user("rob", "reviewer"), video, NO)


def withdraw(video: Video) -> object:
    return withdrawing.withdraw([video], reason="deleted on X")


@pytest.fixture(params=[decide, withdraw])
def end(request: pytest.FixtureRequest) -> End:
    found: End = request.param
    return found


def test_released_clip_goes_to_nobody(end: End, ana: User, ben: User) -> None:
    video = make_video()
    [slot] = queue.claim(ana)
    end(video)

    queue.release(ana, claim_of(slot))

    assert queue.claim(ben) == []


@pytest.mark.parametrize("destination", SkipDestination)
def test_skipped_clip_goes_to_nobody(end: End, destination: SkipDestination, ana: User, ben: User) -> None:
    video = make_video()
    [slot] = queue.claim(ana)
    end(video)

    answering.skip(ana, claim_of(slot), SkipReason.OTHER, destination=destination)

    assert [slot.state for slot in video.slots.all()] == [SlotState.DONE]
    assert queue.claim(ana) == queue.claim(ben) == []


def test_copy_whose_answer_was_taken_back_goes_to_nobody(end: End, ana: User, ben: User) -> None:
    group = make_group()
    video, copy = make_video(group=group, priority=0.9), make_video(group=group)
    [slot] = queue.claim(ana)
    answering.submit(ana, claim_of(slot), YES, with_twins=True)
    end(copy)

    answering.undo_last(ana)

    assert [slot.video for slot in Slot.objects.held_by(ana)] == [video]
    assert queue.claim(ben) == []
