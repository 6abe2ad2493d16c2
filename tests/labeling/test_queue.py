"""Who gets which video next, and for how long."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from labeling import queue
from labeling.models import SiteSettings, Slot, SlotState
from labeling.queue import ClaimLost
from tests.factories import (
    claim_of,
    hold,
    make_annotation,
    make_slot,
    make_user,
    make_variant,
    make_video,
    minutes_left,
)

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def expire_all() -> None:
    Slot.objects.filter(state=SlotState.HELD).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_claim_takes_the_best_free_slot(ana: User) -> None:
    make_video(priority=0.1)
    best = make_video(priority=0.9)

    [slot] = queue.claim(ana)

    assert (slot.video, slot.state, slot.labeler) == (best, SlotState.HELD, ana)
    assert 14 < minutes_left(slot) <= 15


def test_claim_takes_the_older_of_equals(ana: User) -> None:
    older = make_video()
    make_video()

    assert [slot.video for slot in queue.claim(ana)] == [older]


def test_claim_again_gives_the_same_slot(ana: User) -> None:
    make_video()
    make_video()

    first, second = queue.claim(ana), queue.claim(ana)

    assert [slot.claim for slot in first] == [slot.claim for slot in second]


def test_claimed_video_is_nobody_elses(ana: User, ben: User) -> None:
    make_video()
    queue.claim(ana)

    assert queue.claim(ben) == []


def test_claim_of_several_keeps_the_order_in_which_they_were_claimed(ana: User) -> None:
    videos = [make_video(priority=priority) for priority in (0.9, 0.5, 0.7)]

    first = queue.claim(ana)
    slots = queue.claim(ana, most=3)

    assert slots[0] == first[0]
    assert [slot.video for slot in slots] == [videos[0], videos[2], videos[1]]


def test_nobody_holds_more_than_three(ana: User) -> None:
    for _ in range(5):
        make_video()

    slots = queue.claim(ana, most=50)

    assert len(slots) == queue.MOST_HELD == 3


def test_claim_of_an_empty_queue_is_empty(ana: User) -> None:
    assert queue.claim(ana, most=3) == []


@pytest.mark.parametrize("state", [SlotState.DONE, SlotState.OUT])
def test_closed_slot_is_not_claimed(state: SlotState, ana: User) -> None:
    Slot.objects.filter(video=make_video()).update(state=state)

    assert queue.claim(ana) == []


def test_slot_whose_lease_ran_out_goes_to_another(ana: User, ben: User) -> None:
    make_video()
    [lost] = queue.claim(ana)
    expire_all()

    [slot] = queue.claim(ben)

    assert (slot.pk, slot.labeler) == (lost.pk, ben)
    assert slot.claim != lost.claim


def test_claim_forgets_what_the_one_before_was_shown(ana: User, ben: User) -> None:
    hold(make_video().slots.get(), ana, minutes=-1)
    Slot.objects.update(shown_model="tiny-1")

    [slot] = queue.claim(ben)

    assert slot.shown_model == ""


@pytest.mark.parametrize("state", [SlotState.HELD, SlotState.DONE])
def test_second_slot_of_a_video_goes_to_somebody_else(state: SlotState, ana: User, ben: User) -> None:
    first, second = make_video(num_slots=2).slots.order_by("n")
    hold(first, ana)
    Slot.objects.filter(pk=first.pk).update(state=state)

    assert second not in queue.claim(ana, most=3)
    assert queue.claim(ben) == [second]


def test_claim_loads_what_the_screen_shows(
    ana: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    video = make_video()
    make_variant(video, width=1280, height=720)
    make_variant(video, is_stored=False)
    [slot] = queue.claim(ana)

    with django_assert_num_queries(0):
        sizes = [(variant.width, variant.height) for variant in slot.video.stored_variants]  # type: ignore[attr-defined]
        author = slot.video.post.author_handle

    assert (sizes, author) == ([(1280, 720), (640, 360)], "maker")


@pytest.mark.parametrize("num_videos", [3, 12])
def test_claim_asks_the_same_few_queries_however_long_the_queue(
    num_videos: int, ana: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(num_videos):
        make_video()

    SiteSettings.current()

    # Settings with preferences, what is held and kept; per slot the siblings of the last, savepoint, update,
    # release; slots with their posts, variants.
    with django_assert_num_queries(2 + 3 * 4 + 2):
        queue.claim(ana, most=3)
    with django_assert_num_queries(2 + 2):
        queue.claim(ana, most=3)


@pytest.mark.postgres
def test_claim_skips_locked_rows_and_runs_its_subquery_once(
    ana: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_video()

    SiteSettings.current()

    with django_assert_num_queries(8) as captured:
        queue.claim(ana)

    said = [query["sql"].strip() for query in captured.captured_queries]
    [update] = [sql for sql in said if sql.startswith("UPDATE")]
    assert connection.vendor == "postgresql"
    assert "SKIP LOCKED" in update
    assert "WHERE id = (" in update


def test_held_finds_the_slot_of_a_claim(ana: User) -> None:
    make_video()
    [slot] = queue.claim(ana)

    assert queue.held(ana, claim_of(slot)) == slot


def test_late_claim_counts_while_nobody_took_the_video(ana: User) -> None:
    make_video()
    [slot] = queue.claim(ana)
    expire_all()

    assert queue.held(ana, claim_of(slot)) == slot


def test_claim_that_went_to_somebody_else_is_lost(ana: User, ben: User) -> None:
    make_video()
    [slot] = queue.claim(ana)
    expire_all()
    queue.claim(ben)

    for ask in (queue.held, queue.heartbeat, queue.release):
        with pytest.raises(ClaimLost, match="no longer yours"):
            ask(ana, claim_of(slot))


def test_claim_of_somebody_else_cannot_be_used(ana: User, ben: User) -> None:
    make_video()
    [slot] = queue.claim(ana)

    for ask in (queue.held, queue.heartbeat, queue.release):
        with pytest.raises(ClaimLost):
            ask(ben, claim_of(slot))


def test_claim_that_never_was_is_lost(ana: User) -> None:
    with pytest.raises(ClaimLost):
        queue.heartbeat(ana, uuid4())


def test_heartbeat_renews_the_lease(ana: User) -> None:
    slot = hold(make_video().slots.get(), ana, minutes=1)

    renewed = queue.heartbeat(ana, claim_of(slot))

    assert 14 < minutes_left(renewed) <= 15


def test_release_gives_the_video_to_the_next(ana: User, ben: User) -> None:
    make_video()
    [slot] = queue.claim(ana)

    queue.release(ana, claim_of(slot))

    assert queue.claim(ben) == [slot]


def test_held_again_comes_before_what_is_held(ana: User) -> None:
    answered = hold(make_video().slots.get(), ana)
    Slot.objects.filter(pk=answered.pk).update(state=SlotState.DONE)
    make_video()
    queue.claim(ana)

    again = queue.hold_again(ana, answered.video)

    assert again == answered
    assert queue.claim(ana, most=2)[0] == answered


def test_held_again_twice_is_one_slot(ana: User) -> None:
    answered = hold(make_video().slots.get(), ana)

    assert queue.hold_again(ana, answered.video) == queue.hold_again(ana, answered.video) == answered


def test_video_answered_outside_the_queue_is_held_in_a_new_slot(ana: User) -> None:
    video = make_video(num_slots=0)

    slot = queue.hold_again(ana, video)

    assert (slot.n, slot.state, slot.labeler) == (1, SlotState.HELD, ana)


def test_open_slot_counts_on(ana: User) -> None:
    video = make_video(priority=0.4, num_slots=2)

    slot = queue.open_slot(video)

    assert (slot.n, slot.state, slot.priority) == (3, SlotState.FREE, 0.4)


def test_random_priority_is_always_the_same() -> None:
    video, other = make_video(), make_video()

    priority = queue.random_priority(video)

    assert 0 <= priority < 1
    assert priority == queue.random_priority(video) != queue.random_priority(other)


def test_waiting_counts_what_one_may_still_take(ana: User, ben: User) -> None:
    make_video()
    make_slot(make_video(num_slots=0), n=1, state=SlotState.DONE, labeler=ana)
    second = make_video(num_slots=2)
    hold(second.slots.get(n=1), ana)

    assert queue.waiting(ana).num_free == 1
    assert queue.waiting(ben).num_free == 2


def test_waiting_names_who_holds_the_rest(ana: User, ben: User) -> None:
    until = [hold(make_video().slots.get(), ana, minutes=minutes).lease_until for minutes in (5, 9)]
    hold(make_video().slots.get(), ben)
    hold(make_video().slots.get(), make_user("cleo"), minutes=-1)

    assert queue.waiting(ben).holders == [("ana", 2, until[1])]


def test_waiting_names_nobody_for_what_would_not_come_back(ana: User, ben: User) -> None:
    twice = make_video(num_slots=2)
    hold(twice.slots.get(n=1), ana)
    Slot.objects.filter(video=twice, n=2).update(state=SlotState.DONE, labeler=ben)

    assert queue.waiting(ben).holders == []


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue"])
def test_day_is_the_sites_wherever_the_browser_says_it_is(zone: str, ana: User) -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    for hours in (1, 11, 13):
        make_annotation(make_video(), ana, created_at=noon - timedelta(hours=hours))

    with time_machine.travel(noon, tick=False), timezone.override(ZoneInfo(zone)):
        assert queue.num_answered_today(ana) == 2


def test_what_was_taken_back_was_not_answered_today(ana: User) -> None:
    answer = make_annotation(make_video(), ana)
    make_annotation(answer.video, ana, "undone", replaces=answer)

    assert queue.num_answered_today(ana) == 0


def test_day_that_is_full_brings_nothing_new_and_says_so(ana: User, ben: User) -> None:
    SiteSettings(answers_per_day=1).save()
    make_annotation(make_video(), ana)

    assert queue.claim(ana) == []
    assert queue.waiting(ana).day_is_full
    assert len(queue.claim(ben)) == 1
    assert not queue.waiting(ben).day_is_full


def test_day_that_is_full_leaves_what_is_held(ana: User) -> None:
    slot = hold(make_video().slots.get(), ana)
    SiteSettings(answers_per_day=1).save()
    make_annotation(make_video(), ana)

    assert queue.claim(ana) == [slot]


def test_day_that_is_nearly_full_brings_no_more_than_is_left_of_it(ana: User) -> None:
    SiteSettings(answers_per_day=3).save()
    make_annotation(make_video(), ana)
    hold(make_video().slots.get(), ana)
    make_video(num_slots=2)

    assert len(queue.claim(ana, most=3)) == 2


def test_answered_today_counts_answers_and_skips_of_today(ana: User, ben: User) -> None:
    make_annotation(make_video(), ana)
    make_annotation(make_video(), ana, "skipped")
    make_annotation(make_video(), ana, created_at=timezone.now() - timedelta(days=1))
    make_annotation(make_video(), ben)

    assert queue.num_answered_today(ana) == 2
