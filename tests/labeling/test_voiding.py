"""One person's answers of a period, declared void and taken back: rows are appended, none changes."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cakelens.labels import Label
from labeling import adjudicating, settling, voiding
from labeling.models import AlreadyUndone, Annotation, Outcome, Settlement, SlotState, Video
from labeling.voiding import NothingToVoid, TooMuchToVoid
from tests.factories import (
    make_annotation,
    make_answer,
    make_evidence,
    make_settlement,
    make_user,
    make_video,
)

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def boss() -> User:
    return make_user("boss", role="admin")


def period() -> tuple[datetime, datetime]:
    now = timezone.now()
    return now - timedelta(days=1), now + timedelta(hours=1)


def answered(user: User, **labels: Any) -> Video:
    video = make_video()
    make_evidence(make_annotation(video, user, **labels), Label.AI_GEN)
    video.slots.update(state=SlotState.DONE, labeler=user)
    settling.settle(video)
    video.refresh_from_db()
    return video


def test_void_reopens_what_rested_on_the_answers(ana: User, boss: User) -> None:
    video = answered(ana)

    act = voiding.void(boss, ana, *period(), "a test")

    video.refresh_from_db()
    newest = Annotation.objects.latest("pk")
    assert (act.num_answers, act.labeler, act.by) == (1, ana, boss)
    assert (newest.outcome, newest.voiding, newest.labeler) == (Outcome.VOIDED, act, ana)
    assert video.settlement is None
    assert video.slots.filter(state=SlotState.FREE).count() == 1


def test_void_leaves_what_others_said(ana: User, boss: User) -> None:
    video = answered(ana, ai_gen=True)
    make_annotation(video, make_user("ben"), ai_gen=True, veo=True)
    settling.settle(video)

    voiding.void(boss, ana, *period(), "")

    assert Settlement.objects.standing().get().veo is True


def test_void_takes_only_the_period_and_what_stands(ana: User, boss: User) -> None:
    old = make_annotation(make_video(), ana, created_at=timezone.now() - timedelta(days=9))
    undone = make_annotation(make_video(), ana)
    make_annotation(undone.video, ana, "undone", replaces=undone)
    stands = make_annotation(make_video(), ana, "skipped")

    voiding.void(boss, ana, *period(), "")

    voided = Annotation.objects.filter(outcome=Outcome.VOIDED).values_list("replaces", flat=True)
    assert list(voided) == [stands.pk]
    assert old.pk not in voided


def test_preview_counts_answers_and_settled_videos(ana: User) -> None:
    answered(ana)
    make_annotation(make_video(), ana, "skipped")

    preview = voiding.preview(ana, *period())

    assert (preview.num_answers, preview.num_settled) == (2, 1)


def test_nothing_to_void_is_said(ana: User, boss: User) -> None:
    with pytest.raises(NothingToVoid, match="No answer of this person"):
        voiding.void(boss, ana, *period(), "")


def test_too_much_to_void_is_said(ana: User, boss: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voiding, "MOST", 1)
    answered(ana)
    answered(ana)

    with pytest.raises(TooMuchToVoid, match="Choose a shorter one"):
        voiding.void(boss, ana, *period(), "")

    assert Annotation.objects.count() == 2


def test_undo_brings_the_answers_back_with_their_evidence(ana: User, boss: User) -> None:
    video = answered(ana, sora=True)
    act = voiding.void(boss, ana, *period(), "")

    voiding.undo(boss, act)

    video.refresh_from_db()
    newest = Annotation.objects.latest("pk")
    assert video.settlement is not None
    assert (video.settlement.method, video.settlement.sora) == ("single", True)
    assert newest.evidence.get().labels == ["AI_GEN"]
    assert Annotation.objects.count() == 3


def test_undo_leaves_what_was_answered_anew(ana: User, boss: User) -> None:
    video = answered(ana, ai_gen=True)
    act = voiding.void(boss, ana, *period(), "")
    make_annotation(video, ana, ai_gen=False)
    settling.settle(video)

    voiding.undo(boss, act)

    assert Settlement.objects.standing().get().ai_gen is False


def test_voiding_is_taken_back_once(ana: User, boss: User) -> None:
    answered(ana)
    act = voiding.void(boss, ana, *period(), "")
    voiding.undo(boss, act)

    with pytest.raises(AlreadyUndone):
        voiding.undo(boss, act)


def test_void_decision_of_a_reviewer_counts_no_more_and_again(boss: User) -> None:
    rob, video = make_user("rob", role="reviewer"), make_video()
    adjudicating.adjudicate(rob, video, make_answer(ai_gen=False))

    act = voiding.void(boss, rob, *period(), "")
    is_open = not Video.objects.settled().exists()
    voiding.undo(boss, act)

    assert is_open
    assert Settlement.objects.standing().get().method == "adjudicated"


def test_void_gold_settles_nothing(ana: User, boss: User) -> None:
    video = make_video()
    make_settlement(video)
    make_annotation(video, ana, ai_gen=False, picked_by="gold")

    voiding.void(boss, ana, *period(), "")

    assert Settlement.objects.count() == 1
