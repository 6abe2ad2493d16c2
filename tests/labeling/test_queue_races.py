"""Many people at once, and histories nobody would write by hand: no double claim, no lost video."""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labeling import answering, queue
from labeling.answering import InvalidAnswer
from labeling.models import (
    Annotation,
    Outcome,
    SiteSettings,
    SkipDestination,
    SkipReason,
    Slot,
    SlotState,
    Video,
)
from labeling.queue import ClaimLost
from tests.factories import claim_of, make_answer, make_user, make_video
from tests.races import at_once

pytestmark = [pytest.mark.slow, pytest.mark.embedded]

NUM_THREADS = 8
OPEN = [SlotState.FREE, SlotState.HELD, SlotState.KEPT]


@pytest.mark.django_db(transaction=True)
def test_eight_people_label_each_video_once() -> None:
    videos = [make_video() for _ in range(24)]
    people = [make_user(f"person-{number}") for number in range(NUM_THREADS)]

    def label_all(user: User) -> int:
        num_answers = 0
        while slots := queue.claim(user):
            answering.submit(user, claim_of(slots[0]), make_answer(ai_gen=True))
            num_answers += 1
        return num_answers

    answers = at_once(*[lambda user=user: label_all(user) for user in people])

    assert sum(answers) == Annotation.objects.count() == len(videos)
    assert Video.objects.settled().count() == len(videos)


@pytest.mark.django_db(transaction=True)
def test_windows_of_one_person_never_hold_a_video_twice() -> None:
    ana = make_user("ana")
    for _ in range(2):
        make_video(num_slots=3)

    claimed = at_once(*[lambda: queue.claim(ana, most=3)] * NUM_THREADS)

    assert all(claimed)
    held = list(Slot.objects.held_by(ana).values_list("video", flat=True))
    assert sorted(held) == sorted(set(held))


@pytest.mark.django_db(transaction=True)
def test_answer_sent_twice_at_once_is_taken_once() -> None:
    ana = make_user("ana")
    make_video()
    [slot] = queue.claim(ana)

    def send() -> bool:
        with contextlib.suppress(ClaimLost):
            answering.submit(ana, claim_of(slot), make_answer(ai_gen=True))
            return True
        return False

    taken = at_once(*[send] * NUM_THREADS)

    assert taken.count(True) == Annotation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_people_who_skip_one_video_at_once_each_pass_it_on() -> None:
    make_video(num_slots=4)
    people = [make_user(f"person-{number}") for number in range(4)]
    claims = {user: claim_of(queue.claim(user)[0]) for user in people}

    at_once(
        *[
            lambda user=user, claim=claim: answering.skip(user, claim, SkipReason.CANNOT_TELL)
            for user, claim in claims.items()
        ]
    )

    assert Slot.objects.filter(state=SlotState.FREE).count() == 4


@pytest.mark.django_db(transaction=True)
def test_undo_pressed_many_times_at_once_leaves_one_held_slot() -> None:
    ana = make_user("ana")
    make_video()
    [slot] = queue.claim(ana)
    answering.submit(ana, claim_of(slot), make_answer(ai_gen=True))

    at_once(*[lambda: answering.undo_last(ana)] * NUM_THREADS)

    assert Slot.objects.get().state == SlotState.HELD
    assert not Video.objects.settled().exists()


Action = Callable[[User, UUID, bool], object]


class History:
    """Three people over four videos; each uses the claim they were last given, however old."""

    def __init__(self, overlap_percent: int = 0) -> None:
        SiteSettings(overlap_percent=overlap_percent, max_answers=2).save()
        self.overlaps = overlap_percent > 0
        self.videos = [make_video() for _ in range(4)]
        self.people = [make_user(f"person-{number}") for number in range(3)]
        self.claims: dict[User, UUID] = dict.fromkeys(self.people, uuid4())

    def do(self, action: str, person: int, is_ai: bool) -> None:
        actions: dict[str, Action] = {
            "claim": self.claim,
            "answer": lambda user, claim, is_ai: answering.submit(user, claim, make_answer(ai_gen=is_ai)),
            "pass": lambda user, claim, _: answering.skip(user, claim, SkipReason.CANNOT_TELL),
            "out": lambda user, claim, _: answering.skip(user, claim, SkipReason.NOT_A_VIDEO),
            "later": self.keep,
            "release": lambda user, claim, _: queue.release(user, claim),
            "heartbeat": lambda user, claim, _: queue.heartbeat(user, claim),
            "expire": self.expire,
            "undo": self.undo,
        }
        user = self.people[person]
        with contextlib.suppress(ClaimLost, InvalidAnswer):
            actions[action](user, self.claims[user], is_ai)

    def claim(self, user: User, claim: UUID, is_ai: bool) -> None:
        if slots := queue.claim(user):
            self.claims[user] = claim_of(slots[0])

    def expire(self, user: User, claim: UUID, is_ai: bool) -> None:
        Slot.objects.held().update(lease_until=timezone.now() - timedelta(seconds=1))

    def undo(self, user: User, claim: UUID, is_ai: bool) -> None:
        if slot := answering.undo_last(user):
            self.claims[user] = claim_of(slot)

    def keep(self, user: User, claim: UUID, is_ai: bool) -> None:
        answering.skip(user, claim, SkipReason.OTHER, destination=SkipDestination.LATER)

    def check(self) -> None:
        standing = Annotation.objects.latest_per_labeler()
        for video in Video.objects.all():
            num_open = video.slots.filter(state__in=OPEN).count()
            is_out = standing.filter(video=video, skipped_to=SkipDestination.OUT).exists()
            is_settled = video.settlement_id is not None
            answers = standing.filter(video=video, outcome=Outcome.LABELED)
            waits_for_a_reviewer = video.disputed_at is not None and len(answers) >= 2
            # Who takes an answer back holds a video that others' answers may settle meanwhile.
            assert num_open <= 1
            assert num_open or is_settled or is_out or waits_for_a_reviewer
            if self.overlaps:
                assert not is_settled or len({answer.ai_gen for answer in answers}) == 1
            else:
                assert is_settled == (len({answer.ai_gen for answer in answers}) == 1)


ACTIONS = ["claim", "claim", "answer", "answer", "pass", "later", "out", "release"]
ACTIONS += ["heartbeat", "expire", "undo"]
STEPS = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 2), st.booleans()), max_size=30)


@pytest.mark.django_db
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, overlap_percent=st.sampled_from([0, 0, 100]))
def test_no_history_loses_or_doubles_a_video(
    steps: list[tuple[str, int, bool]], overlap_percent: int
) -> None:
    with transaction.atomic():
        history = History(overlap_percent)
        for step in steps:
            history.do(*step)
            history.check()
        transaction.set_rollback(True)
