"""From answers to the labels that count."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from cakelens.labels import Label
from labeling import answering, locks, queue, settling
from labeling.models import (
    Settlement,
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
    make_answer,
    make_settlement,
    make_user,
    make_video,
)
from tests.races import meanwhile

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def reloaded(video: Video) -> Video:
    fresh: Video = Video.objects.get(pk=video.pk)
    return fresh


def answer(user: User, video: Video, **values: bool | None) -> None:
    """Let `user` take the video's first open slot and answer it."""
    slot = video.slots.filter(state=SlotState.FREE).order_by("n")[0]
    answering.submit(user, claim_of(hold(slot, user)), make_answer(**values))


def two_are_wanted(ana: User, ben: User) -> None:
    """Let every video want two answers; Ana and Ben are active."""
    SiteSettings(overlap_percent=100).save()
    for user in (ana, ben):
        make_annotation(make_video(num_slots=0), user)


def test_labels_that_agree_are_merged() -> None:
    merged = settling.merge([labels(ai_gen=True, sora=True), labels(ai_gen=True, anime_2d=False)])

    assert merged is not None
    judged = {label: value for label, value in merged.items() if value is not None}
    assert judged == {Label.AI_GEN: True, Label.SORA: True, Label.ANIME_2D: False}
    assert len(merged) == 17


def test_one_label_judged_both_ways_is_a_disagreement() -> None:
    assert settling.merge([labels(ai_gen=True, sora=True), labels(ai_gen=True, sora=False)]) is None


def test_two_outvote_one() -> None:
    answers = [labels(ai_gen=True), labels(ai_gen=False), labels(ai_gen=True, sora=True)]

    merged = settling.merge(answers)

    assert merged is not None
    assert (merged[Label.AI_GEN], merged[Label.SORA], merged[Label.VEO]) == (True, True, None)


def test_two_against_two_decide_nothing() -> None:
    assert settling.merge([labels(ai_gen=value) for value in (True, False, True, False)]) is None


def test_one_answer_settles(ana: User) -> None:
    video = make_video()
    annotation = make_annotation(video, ana, ai_gen=True, sora=True)

    settlement = settling.settle(video)

    assert settlement is not None
    assert reloaded(video).settlement == settlement
    assert settlement.method == SettlementMethod.SINGLE
    assert settlement.labels() == annotation.labels()
    assert list(settlement.annotations.all()) == [annotation]


def test_settling_again_writes_nothing(ana: User) -> None:
    video = make_video()
    make_annotation(video, ana)

    assert settling.settle(video) == settling.settle(video)
    assert Settlement.objects.count() == 1


def test_latest_answer_of_a_person_counts(ana: User) -> None:
    video = make_video()
    make_annotation(video, ana, ai_gen=True)
    settling.settle(video)
    make_annotation(video, ana, ai_gen=False)

    settling.settle(video)

    assert Settlement.objects.standing().get().ai_gen is False
    assert Settlement.objects.count() == 2


@pytest.mark.parametrize("outcome", ["skipped", "undone", "voided"])
def test_answer_taken_back_counts_no_more(outcome: str, ana: User) -> None:
    video = make_video()
    make_annotation(video, ana)
    settling.settle(video)
    make_annotation(video, ana, outcome)

    assert settling.settle(video) is None

    assert reloaded(video).settlement is None
    assert Settlement.objects.latest("pk").method == SettlementMethod.REOPENED


def test_reopened_video_is_wanted_again(ana: User, ben: User) -> None:
    video = make_video()
    answer(ana, video, ai_gen=True)
    make_annotation(video, ana, "voided")

    settling.settle(video)

    assert [slot.video for slot in queue.claim(ben)] == [video]


def test_settled_video_wants_no_more_answers(ana: User, ben: User) -> None:
    video = make_video(num_slots=2)

    answer(ana, video, ai_gen=True)

    assert queue.claim(ben) == []
    assert [slot.state for slot in video.slots.order_by("n")] == [SlotState.DONE, SlotState.OUT]


def test_withdrawn_video_asks_nobody_else(ana: User, ben: User) -> None:
    SiteSettings(overlap_percent=100).save()
    make_annotation(make_video(num_slots=0), ben)
    video = make_video(is_withdrawn=True)

    answer(ana, video, ai_gen=True)

    assert queue.claim(ben) == []


def test_overlap_waits_for_a_second_active_labeler(ana: User, ben: User) -> None:
    SiteSettings(overlap_percent=100).save()
    make_annotation(make_video(), ben, created_at=timezone.now() - timedelta(days=30))
    video = make_video()

    answer(ana, video, ai_gen=True)

    assert reloaded(video).settlement is not None


@pytest.mark.parametrize(("percent", "wanted"), [(0, 1), (100, 2)])
def test_overlap_is_a_share_of_the_videos(percent: int, wanted: int, ana: User, ben: User) -> None:
    two_are_wanted(ana, ben)
    SiteSettings(overlap_percent=percent).save()

    assert settling.answers_wanted(make_video()) == wanted


def test_two_that_agree_settle(ana: User, ben: User) -> None:
    two_are_wanted(ana, ben)
    video = make_video()

    answer(ana, video, ai_gen=True, sora=True)
    after_one = reloaded(video).settlement
    answer(ben, video, ai_gen=True)

    settlement = Settlement.objects.standing().get()
    assert after_one is None
    assert (settlement.method, settlement.ai_gen, settlement.sora) == ("agreed", True, True)
    assert settlement.annotations.count() == 2


def test_two_that_disagree_ask_one_more(ana: User, ben: User) -> None:
    two_are_wanted(ana, ben)
    video = make_video()

    answer(ana, video, ai_gen=True)
    answer(ben, video, ai_gen=False)

    assert reloaded(video).settlement is None
    assert [slot.video for slot in queue.claim(make_user("cleo"))] == [video]


def test_third_answer_decides_between_two(ana: User, ben: User) -> None:
    two_are_wanted(ana, ben)
    video = make_video()
    answer(ana, video, ai_gen=True)
    answer(ben, video, ai_gen=False)
    is_disputed = reloaded(video).disputed_at is not None

    answer(make_user("cleo"), video, ai_gen=False)

    settlement = Settlement.objects.standing().get()
    assert is_disputed
    assert (settlement.method, settlement.ai_gen) == ("agreed", False)
    assert reloaded(video).disputed_at is None


def test_disagreement_at_the_maximum_waits_for_a_reviewer(ana: User, ben: User) -> None:
    two_are_wanted(ana, ben)
    SiteSettings(overlap_percent=100, max_answers=2).save()
    video = make_video()

    answer(ana, video, ai_gen=True)
    answer(ben, video, ai_gen=False)

    assert reloaded(video).settlement is None
    assert queue.claim(make_user("cleo")) == []


def test_only_answer_there_may_be_settles_whatever_the_overlap(ana: User, ben: User) -> None:
    two_are_wanted(ana, ben)
    SiteSettings(overlap_percent=100, max_answers=1).save()
    video = make_video()

    answer(ana, video, ai_gen=True)

    assert reloaded(video).settlement is not None


def test_slot_that_was_closed_is_opened_before_a_new_one_is_made(ana: User) -> None:
    video = make_video(num_slots=0)
    Slot.objects.create(video=video, n=1, state=SlotState.OUT)

    settling.settle(video)

    assert [(slot.n, slot.state) for slot in video.slots.all()] == [(1, SlotState.FREE)]


def test_what_a_reviewer_decided_stands_against_later_answers(ana: User) -> None:
    video = make_video()
    decided = make_settlement(video, method=SettlementMethod.ADJUDICATED, ai_gen=False)
    make_annotation(video, ana, ai_gen=True)

    assert settling.settle(video) == decided
    assert reloaded(video).settlement == decided


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_decision_that_an_answer_had_to_wait_for_stands(ana: User) -> None:
    video = make_video()
    make_annotation(video, ana, ai_gen=True)

    with ExitStack() as stack, transaction.atomic():
        locks.lock(video)
        settled = stack.enter_context(meanwhile(lambda: settling.settle(video)))
        decided = settling.record(video, labels(ai_gen=False), SettlementMethod.ADJUDICATED)

    assert settled.result() == decided
    assert reloaded(video).settlement == decided


def test_recorded_labels_stand(ana: User) -> None:
    video = make_video()

    settlement = settling.record(video, labels(ai_gen=True, veo=True), SettlementMethod.IMPORTED)

    assert reloaded(video).settlement == settlement
    assert settlement.positive_labels() == [Label.AI_GEN, Label.VEO]
    assert queue.claim(ana) == []


def test_record_leaves_nothing_half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(settling, "_let_stand", refuse)

    with pytest.raises(RuntimeError, match="power cut"):
        settling.record(make_video(), labels(ai_gen=True), SettlementMethod.IMPORTED)

    assert not Settlement.objects.exists()
