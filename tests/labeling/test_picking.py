"""Which video comes next: siblings, gold, what is kept for later, and what a person does not want to see."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from labeling import answering, queue
from labeling.answering import Answer
from labeling.models import (
    Annotation,
    GoldAnswer,
    Preferences,
    SiteSettings,
    SkipDestination,
    SkipReason,
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
    make_post,
    make_settlement,
    make_user,
    make_video,
)

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

NO = Answer(labels(ai_gen=False))
LATER, OUT, OTHERS = SkipDestination.LATER, SkipDestination.OUT, SkipDestination.OTHERS


def answer_next(user: User) -> Video:
    [slot] = queue.claim(user)
    answering.submit(user, claim_of(slot), NO)
    return slot.video


def make_gold(**fields: Any) -> Video:
    video = make_video(num_slots=0, **fields)
    make_settlement(video)
    GoldAnswer.objects.create(video=video, added_by=make_user("rita"), ai_gen=True)
    return video


def skip_next(user: User, destination: SkipDestination) -> Slot:
    [slot] = queue.claim(user)
    answering.skip(user, claim_of(slot), SkipReason.OTHER, destination=destination)
    return slot


def test_videos_of_one_post_come_one_after_another(ana: User) -> None:
    post = make_post()
    first = make_video(post=post, priority=0.9)
    make_video(priority=0.8)
    second = make_video(post=post, priority=0.1)

    assert [answer_next(ana), answer_next(ana)] == [first, second]


def test_videos_of_one_footage_come_one_after_another(ana: User) -> None:
    group = make_group()
    first = make_video(group=group, priority=0.9)
    make_video(priority=0.8)
    twin = make_video(group=group, priority=0.1)

    assert [answer_next(ana), answer_next(ana)] == [first, twin]


def test_footage_goes_on_after_the_post_it_was_found_by(ana: User) -> None:
    post, group = make_post(), make_group()
    videos = [make_video(post=post, group=group, priority=0.9), make_video(post=post)]
    others = [make_video(priority=0.5) for _ in range(3)]
    videos.append(make_video(group=group))

    given = [answer_next(ana) for _ in range(6)]

    assert given == [*videos, *others]


@pytest.mark.slow
@pytest.mark.parametrize("num_slots", [1, 2])
def test_large_footage_comes_to_its_end(num_slots: int, ana: User) -> None:
    group = make_group()
    copies = [make_video(group=group, num_slots=num_slots) for _ in range(52)]
    make_video(priority=0.9)
    mine = Slot.objects.filter(video__in=copies[:51], n=1)
    mine.update(state="done", labeler=ana, claimed_at=timezone.now())

    [slot] = queue.claim(ana)

    assert slot.video == copies[51]


def test_two_people_share_a_post_when_both_are_there(ana: User, ben: User) -> None:
    post = make_post()
    make_video(post=post, priority=0.9)
    other = make_video(priority=0.8)
    sibling = make_video(post=post, priority=0.1)
    answer_next(ana)

    assert answer_next(ben) == other
    assert answer_next(ana) == sibling


def test_ranked_video_does_not_bring_a_test_video_along(ana: User) -> None:
    post = make_post()
    make_video(post=post, priority=0.9)
    other = make_video(priority=0.8)
    make_video(post=post, split="test", priority=0.1)
    answer_next(ana)

    assert answer_next(ana) == other


def test_test_video_brings_its_test_siblings_along(ana: User) -> None:
    group = make_group("test")
    make_video(group=group, split="test", priority=0.9)
    make_video(priority=0.8)
    twin = make_video(group=group, split="test", priority=0.1)
    answer_next(ana)

    assert answer_next(ana) == twin


def test_sensitive_posts_go_to_others(ana: User, ben: User) -> None:
    Preferences.objects.create(user=ana, shows_sensitive=False)
    sensitive = make_video(post=make_post(is_sensitive=True), priority=0.9)
    other = make_video(priority=0.1)

    assert [slot.video for slot in queue.claim(ana, most=3)] == [other]
    assert [slot.video for slot in queue.claim(ben, most=3)] == [sensitive]


def test_waiting_leaves_out_what_one_does_not_want_to_see(ana: User) -> None:
    Preferences.objects.create(user=ana, shows_sensitive=False)
    make_video(post=make_post(is_sensitive=True))

    assert queue.waiting(ana).num_free == 0


def test_gold_comes_by_its_share_and_looks_like_any_other(ana: User) -> None:
    SiteSettings(gold_percent=100).save()
    gold = make_gold()
    make_video()

    [slot] = queue.claim(ana)

    assert (slot.video, slot.is_gold, slot.state) == (gold, True, SlotState.HELD)


def test_gold_answer_changes_nothing_that_counts(ana: User) -> None:
    SiteSettings(gold_percent=100).save()
    gold = make_gold()

    answer_next(ana)

    gold.refresh_from_db()
    assert gold.settlement is not None
    assert gold.settlement.ai_gen is True
    assert Annotation.objects.get().picked_by == "gold"
    assert gold.slots.get().state == SlotState.DONE


def test_gold_is_given_once_to_a_person_and_to_each(ana: User, ben: User) -> None:
    SiteSettings(gold_percent=100).save()
    gold = make_gold()
    other = make_video()

    assert [answer_next(ana), answer_next(ana)] == [gold, other]
    assert answer_next(ben) == gold


def test_gold_is_not_given_to_who_knows_it_or_once_it_is_retired(ana: User) -> None:
    SiteSettings(gold_percent=100).save()
    gold = make_gold()
    rita = User.objects.get(username="rita")

    assert queue.claim(rita) == []
    GoldAnswer.objects.filter(video=gold).update(retired_at=timezone.now())
    assert queue.claim(ana) == []


def test_gold_taken_back_is_held_again_and_settles_nothing(ana: User) -> None:
    SiteSettings(gold_percent=100).save()
    gold = make_gold()
    answer_next(ana)

    slot = answering.undo_last(ana)

    gold.refresh_from_db()
    assert slot is not None
    assert (slot.video, slot.is_gold) == (gold, True)
    assert gold.settlement is not None


def test_gold_given_back_is_gone(ana: User, ben: User) -> None:
    SiteSettings(gold_percent=100).save()
    make_gold()
    [slot] = queue.claim(ana)

    queue.release(ana, claim_of(slot))

    assert not Slot.objects.exists()


def test_gold_left_lying_goes_to_nobody_else_but_comes_back(ana: User, ben: User) -> None:
    SiteSettings(gold_percent=100).save()
    make_gold()
    [slot] = queue.claim(ana)
    Slot.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    SiteSettings(gold_percent=0).save()

    assert queue.claim(ben) == []
    SiteSettings(gold_percent=100).save()
    assert queue.claim(ana) == [slot]


def test_skip_to_others_goes_to_others(ana: User, ben: User) -> None:
    make_video()
    slot = skip_next(ana, OTHERS)

    assert queue.claim(ana) == []
    assert [each.video for each in queue.claim(ben)] == [slot.video]


def test_skip_of_what_was_decided_meanwhile_goes_to_nobody(ana: User, ben: User) -> None:
    slot = hold(make_video().slots.get(), ana)
    make_settlement(slot.video, ai_gen=False)

    skip_next(ana, OTHERS)

    assert queue.claim(ben) == []


def test_skip_of_what_was_withdrawn_meanwhile_goes_to_nobody(ana: User, ben: User) -> None:
    slot = hold(make_video().slots.get(), ana)
    Video.objects.filter(pk=slot.video_id).update(is_withdrawn=True)

    skip_next(ana, OTHERS)

    assert queue.claim(ben) == []


@pytest.mark.parametrize("hides_sensitive", [False, True])
@pytest.mark.parametrize("fate", ["decided", "withdrawn"])
def test_what_was_decided_while_it_was_held_goes_to_nobody_else(
    fate: str, hides_sensitive: bool, ana: User, ben: User
) -> None:
    video = make_video()
    slot = hold(video.slots.get(), ana, minutes=-1)
    if hides_sensitive:
        Preferences.objects.create(user=ben, shows_sensitive=False)
    if fate == "decided":
        make_settlement(video, method="adjudicated")
    else:
        Video.objects.filter(pk=video.pk).update(is_withdrawn=True)

    assert queue.claim(ben) == []
    assert queue.waiting(ben).num_free == 0
    assert answering.submit(ana, claim_of(slot), NO).labeler == ana


def test_what_was_decided_and_reopened_goes_to_others(ana: User, ben: User) -> None:
    video = make_video()
    hold(video.slots.get(), ana, minutes=-1)
    make_settlement(video)
    Video.objects.update(settlement=None)

    assert [slot.video for slot in queue.claim(ben)] == [video]


def test_skip_out_goes_to_nobody(ana: User, ben: User) -> None:
    make_video()

    skip_next(ana, OUT)

    assert queue.claim(ana) == queue.claim(ben) == []


def test_skip_out_takes_the_second_place_out_too(ana: User, ben: User) -> None:
    make_video(num_slots=2)

    skip_next(ana, OUT)

    assert queue.claim(ben) == []


def test_skip_says_where_it_went(ana: User) -> None:
    make_video()

    skip_next(ana, LATER)

    assert Annotation.objects.get().skipped_to == "later"


def test_video_kept_for_later_comes_after_the_others(ana: User, ben: User) -> None:
    kept = make_video(priority=0.9)
    other = make_video(priority=0.1)
    skip_next(ana, LATER)

    assert [slot.video for slot in queue.claim(ana, most=3)] == [other, kept]
    assert queue.claim(ben) == []


def test_video_kept_for_later_comes_first_once_it_is_due(ana: User) -> None:
    kept = make_video(priority=0.1)
    skip_next(ana, LATER)
    make_video(priority=0.9)
    Slot.objects.filter(state=SlotState.KEPT).update(due_at=timezone.now())

    assert [slot.video for slot in queue.claim(ana)] == [kept]


def test_others_are_told_who_keeps_a_video(ana: User, ben: User) -> None:
    make_video()
    slot = skip_next(ana, LATER)
    slot.refresh_from_db()

    assert queue.waiting(ben).holders == [("ana", 1, slot.lease_until)]
    assert (queue.waiting(ana).num_free, queue.waiting(ben).num_free) == (1, 0)


def test_video_kept_for_a_week_is_anybodys(ana: User, ben: User) -> None:
    kept = make_video()
    skip_next(ana, LATER)
    Slot.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    assert [slot.video for slot in queue.claim(ben)] == [kept]


def test_skip_for_later_taken_back_is_held_again(ana: User) -> None:
    make_video()
    slot = skip_next(ana, LATER)

    assert answering.undo_last(ana) == slot
    assert Slot.objects.get().state == SlotState.HELD


@pytest.mark.parametrize("destination", [LATER, OUT])
def test_skip_of_the_second_person_is_taken_back(destination: SkipDestination, ana: User, ben: User) -> None:
    SiteSettings(overlap_percent=100).save()
    for user in (ana, ben):
        make_annotation(make_video(num_slots=0), user)
    make_video()
    video = answer_next(ben)
    skip_next(ana, destination)

    slot = answering.undo_last(ana)

    assert slot is not None
    assert (slot.video, slot.state) == (video, SlotState.HELD)


def test_gold_kept_for_later_waits_for_nobody(ana: User) -> None:
    SiteSettings(gold_percent=100).save()
    make_gold()

    skip_next(ana, LATER)

    assert queue.waiting(ana).num_free == 0


def test_video_kept_for_later_can_be_answered(ana: User) -> None:
    make_video()
    skip_next(ana, LATER)

    video = answer_next(ana)

    video.refresh_from_db()
    assert video.settlement is not None
    assert [slot.state for slot in video.slots.all()] == [SlotState.DONE]


def test_who_hides_sensitive_posts_is_given_the_same_as_others(ana: User, ben: User) -> None:
    """The statement written by hand and the one that is composed choose alike."""
    Preferences.objects.create(user=ben, shows_sensitive=False)
    expired, answered = make_video(priority=0.9), make_video(priority=0.8, num_slots=2)
    best = make_video(priority=0.7)
    make_video(priority=0.7)
    hold(expired.slots.get(), make_user("cleo"))
    for user, n in ((ana, 1), (ben, 2)):
        Slot.objects.filter(video=answered, n=n).update(state=SlotState.DONE, labeler=user)

    [first] = queue.claim(ana)
    queue.release(ana, claim_of(first))

    assert first.video == best
    assert queue.claim(ben) == [first]


def test_screen_says_that_the_day_is_full(ana: User, client: Client) -> None:
    SiteSettings(answers_per_day=1).save()
    make_video()
    answer_next(ana)
    make_video()
    client.force_login(ana)

    assert "That is enough for today" in client.get("/label/").text
