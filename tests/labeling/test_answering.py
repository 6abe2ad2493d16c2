"""Taking a person's answer: checked, appended, settled."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from cakelens.labels import GENERATORS, Label
from labeling import answering, queue
from labeling.answering import Answer, EvidenceItem, InvalidAnswer
from labeling.models import (
    Annotation,
    Evidence,
    EvidenceKind,
    Guideline,
    Outcome,
    Settlement,
    SiteSettings,
    SkipReason,
    Slot,
    SlotState,
    Video,
)
from labeling.queue import ClaimLost
from tests.factories import claim_of, hold, labels, make_annotation, make_answer, make_user, make_video

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

YES = make_answer(ai_gen=True)


def answered(user: User) -> Annotation:
    """Let `user` answer a new video."""
    slot = hold(make_video().slots.get(), user)
    return answering.submit(user, claim_of(slot), YES)


def test_answer_is_taken_as_it_was_given(ana: User, slot: Slot) -> None:
    judged = labels(ai_gen=True, sora=True, anime_2d=False)
    answer = Answer(judged, [EvidenceItem([], EvidenceKind.ARTEFACTS)], "See the hands.", seconds=7.5)

    annotation = answering.submit(ana, claim_of(slot), answer)

    annotation.refresh_from_db()
    assert (annotation.video, annotation.labeler) == (slot.video, ana)
    assert (annotation.outcome, annotation.note, annotation.seconds) == ("labeled", "See the hands.", 7.5)
    assert annotation.positive_labels() == [Label.AI_GEN, Label.SORA]
    assert (annotation.anime_2d, annotation.kling) == (False, None)


def test_answer_settles_the_video_and_closes_its_slot(ana: User, slot: Slot) -> None:
    answering.submit(ana, claim_of(slot), YES)

    slot.refresh_from_db()
    assert (slot.state, slot.labeler, slot.claim) == (SlotState.DONE, ana, None)
    assert Settlement.objects.standing().get().ai_gen is True


def test_answer_keeps_its_evidence(ana: User, slot: Slot) -> None:
    item = EvidenceItem([Label.AI_GEN, Label.SORA], EvidenceKind.WATERMARK, "Sora", at_seconds=1.25)

    annotation = answering.submit(
        ana, claim_of(slot), Answer(labels(ai_gen=True, sora=True), evidence=[item])
    )

    evidence = Evidence.objects.get()
    assert (evidence.annotation, evidence.labels) == (annotation, ["AI_GEN", "SORA"])
    assert (evidence.kind, evidence.quote, evidence.at_seconds) == ("watermark", "Sora", 1.25)


def test_answer_says_what_was_shown_and_how_the_video_was_picked(ana: User) -> None:
    slot = hold(make_video(picked_by="uncertain").slots.get(), ana)
    Slot.objects.filter(pk=slot.pk).update(shown_model="tiny-1")

    annotation = answering.submit(ana, claim_of(slot), YES)

    assert (annotation.shown_model, annotation.picked_by) == ("tiny-1", "uncertain")


@pytest.mark.parametrize(("versions", "in_force"), [([], 1), ([1, 3, 2], 3)])
def test_answer_names_the_guideline_in_force(
    versions: list[int], in_force: int, ana: User, slot: Slot
) -> None:
    for version in versions:
        Guideline.objects.create(version=version, text="How to label")

    assert answering.submit(ana, claim_of(slot), YES).guideline_version == in_force


def test_second_answer_of_a_person_replaces_the_first(ana: User, slot: Slot) -> None:
    earlier = make_annotation(slot.video, ana)

    assert answering.submit(ana, claim_of(slot), YES).replaces == earlier


def test_answer_with_a_lost_claim_writes_nothing(ana: User, slot: Slot) -> None:
    lost, ben = claim_of(slot), make_user("ben")
    hold(slot, ben)

    with pytest.raises(ClaimLost):
        answering.submit(ana, lost, YES)

    assert not Annotation.objects.exists()


def test_answer_is_taken_once(ana: User, slot: Slot) -> None:
    answering.submit(ana, claim_of(slot), YES)

    with pytest.raises(ClaimLost):
        answering.submit(ana, claim_of(slot), YES)

    assert Annotation.objects.count() == 1


def test_answer_to_a_video_never_claimed_writes_nothing(ana: User) -> None:
    make_video()

    with pytest.raises(ClaimLost):
        answering.submit(ana, uuid4(), YES)

    assert not Annotation.objects.exists()


def test_answer_costs_the_same_few_queries(
    ana: User, slot: Slot, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    item = EvidenceItem([Label.AI_GEN], EvidenceKind.ARTEFACTS)
    SiteSettings.current()  # the row is there

    with django_assert_num_queries(14):
        answering.submit(ana, claim_of(slot), Answer(labels(ai_gen=True), evidence=[item] * 5))


@pytest.mark.parametrize("judged", [labels(), labels(ai_gen=None), labels(anime_2d=True)])
def test_answer_without_ai_gen_is_refused(judged: dict[Label, bool | None]) -> None:
    with pytest.raises(InvalidAnswer, match="AI_GEN must be judged: answer yes or no"):
        Answer(judged)


@pytest.mark.parametrize("generator", GENERATORS)
def test_generator_of_a_video_that_is_not_ai_is_refused(generator: Label) -> None:
    with pytest.raises(InvalidAnswer, match=f"{generator} makes the video AI-generated"):
        Answer({Label.AI_GEN: False, generator: True})


def test_generator_said_to_be_another_is_no_contradiction() -> None:
    assert make_answer(ai_gen=False, sora=False).labels[Label.SORA] is False


WATERMARK, ARTEFACTS = EvidenceKind.WATERMARK, EvidenceKind.ARTEFACTS


@pytest.mark.parametrize(
    ("evidence", "unproven"),
    [
        ([], "AI_GEN, SORA"),
        ([EvidenceItem([Label.AI_GEN], ARTEFACTS)], "SORA"),
        ([EvidenceItem([Label.ANIME_2D, Label.KLING], WATERMARK)], "AI_GEN, SORA"),
    ],
)
def test_positive_answer_without_evidence_is_refused(evidence: list[EvidenceItem], unproven: str) -> None:
    with pytest.raises(InvalidAnswer, match=f"^Say how you know that it is {unproven}: it needs evidence"):
        Answer(labels(ai_gen=True, sora=True), evidence)


def test_evidence_of_a_generator_is_evidence_of_ai_gen() -> None:
    item = EvidenceItem([Label.SORA], WATERMARK)

    assert Answer(labels(ai_gen=True, sora=True), [item]).evidence == [item]


def test_evidence_without_labels_speaks_for_all_that_needs_some(ana: User, slot: Slot) -> None:
    answer = Answer(labels(ai_gen=True, anime_2d=True, sora=True), [EvidenceItem([], WATERMARK)])

    annotation = answering.submit(ana, claim_of(slot), answer)

    assert annotation.evidence.get().labels == ["AI_GEN", "SORA"]


@pytest.mark.parametrize("judged", [labels(ai_gen=False), labels(ai_gen=False, anime_3d=True)])
def test_answer_of_no_needs_no_evidence(judged: dict[Label, bool | None]) -> None:
    assert Answer(judged).evidence == ()


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"note": "x" * 4001}, "note may have 4,000 characters, it has 4,001."),
        ({"note": "a\0b"}, "note may not hold the character NUL."),
        ({"seconds": -1}, "seconds must be a number >= 0, it is -1."),
        ({"seconds": float("nan")}, "seconds must be a number >= 0, it is nan."),
        ({"seconds": float("inf")}, "seconds must be a number >= 0, it is inf."),
        (
            {"evidence": [EvidenceItem([], EvidenceKind.AUTHOR, "x" * 1001)]},
            "quote may have 1,000 characters, it has 1,001.",
        ),
        (
            {"evidence": [EvidenceItem([], EvidenceKind.AUTHOR, at_seconds=-2)]},
            "at_seconds must be a number >= 0, it is -2.",
        ),
    ],
)
def test_answer_that_breaks_a_rule_says_which(fields: dict[str, object], error: str) -> None:
    with pytest.raises(InvalidAnswer) as caught:
        Answer(labels(ai_gen=False), **fields)  # type: ignore[arg-type]

    assert caught.value.errors == [error]


def test_answer_names_everything_that_is_wrong() -> None:
    with pytest.raises(InvalidAnswer) as caught:
        Answer(labels(sora=True), note="x" * 5000)

    assert len(caught.value.errors) == 3


@pytest.mark.parametrize("reason", [SkipReason.CANNOT_TELL, SkipReason.OFFENSIVE, SkipReason.OTHER])
def test_skipped_video_goes_to_somebody_else(reason: SkipReason, ana: User, slot: Slot) -> None:
    annotation = answering.skip(ana, claim_of(slot), reason, "No idea", seconds=3)

    assert (annotation.outcome, annotation.skip_reason) == (Outcome.SKIPPED, reason)
    assert (annotation.note, annotation.seconds) == ("No idea", 3)
    assert queue.claim(ana) == []
    assert [taken.video for taken in queue.claim(make_user("ben"))] == [slot.video]


@pytest.mark.parametrize("reason", [SkipReason.UNAVAILABLE, SkipReason.NOT_A_VIDEO])
def test_video_that_nobody_could_judge_leaves_the_queue(reason: SkipReason, ana: User, slot: Slot) -> None:
    answering.skip(ana, claim_of(slot), reason)

    assert queue.claim(make_user("ben")) == []


def test_skip_settles_nothing(ana: User, slot: Slot) -> None:
    answering.skip(ana, claim_of(slot), SkipReason.CANNOT_TELL)

    assert not Settlement.objects.exists()


def test_skip_with_a_long_note_is_refused(ana: User, slot: Slot) -> None:
    with pytest.raises(InvalidAnswer, match="note may have 4,000 characters"):
        answering.skip(ana, claim_of(slot), SkipReason.OTHER, "x" * 5000)

    assert not Annotation.objects.exists()


def test_undo_takes_the_last_answer_back(ana: User, slot: Slot) -> None:
    annotation = answering.submit(ana, claim_of(slot), YES)

    again = answering.undo_last(ana)

    newest = Annotation.objects.latest("pk")
    assert again == slot
    assert (newest.outcome, newest.replaces) == (Outcome.UNDONE, annotation)
    assert not Video.objects.settled().exists()
    assert queue.held(ana, claim_of(again)) == slot


def test_undone_video_comes_before_what_is_held(ana: User, slot: Slot) -> None:
    answering.submit(ana, claim_of(slot), YES)
    make_video()
    queue.claim(ana)

    answering.undo_last(ana)

    assert queue.claim(ana, most=2)[0] == slot


def test_undone_answer_can_be_given_anew(ana: User, slot: Slot) -> None:
    answering.submit(ana, claim_of(slot), YES)
    again = answering.undo_last(ana)
    assert again is not None

    answering.submit(ana, claim_of(again), make_answer(ai_gen=False))

    assert Settlement.objects.standing().get().ai_gen is False
    assert Annotation.objects.count() == 3


def test_undo_twice_goes_one_answer_further_back(ana: User) -> None:
    first, second = answered(ana), answered(ana)

    undone = [answering.undo_last(ana), answering.undo_last(ana)]

    assert [slot.video for slot in undone if slot] == [second.video, first.video]


def test_undo_with_nothing_to_undo(ana: User) -> None:
    make_annotation(make_video(), make_user("ben"))

    assert answering.undo_last(ana) is None


def test_undone_skip_comes_back_to_the_one_who_skipped(ana: User, slot: Slot) -> None:
    answering.skip(ana, claim_of(slot), SkipReason.CANNOT_TELL)

    answering.undo_last(ana)

    assert queue.claim(ana) == [slot]
    assert queue.claim(make_user("ben")) == []


def test_answer_given_before_an_undo_cannot_be_sent_again(ana: User, slot: Slot) -> None:
    old_claim = claim_of(slot)
    answering.submit(ana, old_claim, YES)
    answering.undo_last(ana)

    with pytest.raises(ClaimLost):
        answering.submit(ana, old_claim, YES)


def test_last_answers_are_the_standing_ones_newest_first(ana: User) -> None:
    first, undone, third = answered(ana), answered(ana), answered(ana)
    answering.reopen(ana, undone)
    answered(make_user("ben"))

    assert answering.last_answers(ana) == [third, first]
    assert answering.last_answers(ana, most=1) == [third]


def test_last_answers_load_their_posts(ana: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(4):
        answered(ana)

    with django_assert_num_queries(1):
        authors = {annotation.video.post.author_handle for annotation in answering.last_answers(ana)}

    assert authors == {"maker"}
