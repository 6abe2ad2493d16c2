"""Labels for many videos at once: appended, counted, and taken back as one."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from cakelens.labels import Label
from labeling import bulk, settling
from labeling.answering import InvalidAnswer
from labeling.bulk import Change, NothingToEdit
from labeling.models import (
    AlreadyUndone,
    Annotation,
    BulkEdit,
    EvidenceKind,
    Outcome,
    Settlement,
    SlotState,
    Video,
)
from tests.factories import (
    hold,
    make_annotation,
    make_evidence,
    make_settlement,
    make_user,
    make_video,
)

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

VEO = Change({Label.VEO: True}, EvidenceKind.WATERMARK)
NOT_AI = Change({Label.AI_GEN: False})
ANIME = Change({Label.ANIME_2D: True})


@pytest.fixture
def rob() -> User:
    return make_user("rob", role="reviewer")


def standing(video: Video) -> Settlement:
    video.refresh_from_db()
    assert video.settlement is not None
    return video.settlement


@pytest.mark.parametrize(
    ("labels", "kind", "error"),
    [
        ({}, None, "Say at least one label."),
        ({Label.AI_GEN: True}, None, "Say how you know that they are AI_GEN."),
        ({Label.AI_GEN: False, Label.VEO: True}, EvidenceKind.AUTHOR, "VEO makes a video AI-generated"),
    ],
)
def test_change_that_breaks_a_rule_says_which(
    labels: dict[Label, bool], kind: EvidenceKind | None, error: str
) -> None:
    with pytest.raises(InvalidAnswer, match=error):
        Change(labels, kind)


def test_generator_makes_it_ai_generated() -> None:
    assert VEO.onto({}) == {Label.VEO: True, Label.AI_GEN: True}


def test_not_ai_takes_the_generators_off() -> None:
    after = NOT_AI.onto({Label.AI_GEN: True, Label.VEO: True, Label.ANIME_2D: True})

    assert after is not None
    assert (after[Label.AI_GEN], after[Label.VEO], after[Label.ANIME_2D]) == (False, False, True)


def test_style_alone_says_nothing_of_ai_gen() -> None:
    assert ANIME.onto({}) is None


def test_preview_counts_what_changes_and_what_does_not() -> None:
    changed, same, _unjudged = make_video(), make_video(), make_video()
    make_settlement(changed, ai_gen=False)
    make_settlement(same, ai_gen=False, anime_2d=True)

    preview = bulk.preview(Video.objects.all(), ANIME)

    assert [video for video, _ in preview.changing] == [changed]
    assert (preview.num_same, preview.num_unjudged, preview.is_more) == (1, 1, False)


def test_edit_appends_an_answer_to_each_and_lets_it_count(rob: User) -> None:
    waiting, settled = make_video(), make_video()
    make_settlement(settled, ai_gen=True, sora=True)

    edit = bulk.apply(rob, Video.objects.all(), VEO, filters="split=train")

    rows = Annotation.objects.order_by("video")
    assert (edit.num_videos, edit.filters) == (2, "split=train")
    assert [(row.video, row.labeler, row.bulk) for row in rows] == [
        (waiting, rob, edit),
        (settled, rob, edit),
    ]
    assert [each.evidence.get().labels for each in rows] == [["VEO"], ["VEO"]]
    assert standing(settled).method == "adjudicated"
    assert (standing(settled).sora, standing(settled).veo, standing(waiting).veo) == (True, True, True)
    assert list(standing(waiting).annotations.all()) == [rows[0]]


def test_edited_video_wants_no_more_answers(rob: User) -> None:
    video = make_video()

    bulk.apply(rob, Video.objects.all(), NOT_AI)

    assert video.slots.get().state == SlotState.OUT


def test_who_edits_a_video_that_they_hold_is_not_asked_for_it(rob: User) -> None:
    video = make_video()
    hold(video.slots.get(), rob)

    bulk.apply(rob, Video.objects.all(), NOT_AI)

    assert video.slots.get().state == SlotState.OUT


def seen_as_sora() -> Video:
    """Make a video that Ana saw a watermark of Sora in, and artefacts."""
    video = make_video()
    answer = make_annotation(video, make_user("ana"), sora=True)
    make_evidence(answer, Label.SORA, kind="watermark", quote="Sora", at_seconds=1.5)
    make_evidence(answer, Label.AI_GEN, kind="artefacts")
    make_settlement(video, sora=True, annotations=[answer])
    return video


def shown(video: Video) -> list[tuple[str, list[str], str]]:
    found = standing(video).annotations.get().evidence.order_by("pk")
    return [(each.kind, each.labels, each.quote) for each in found]


def test_evidence_of_labels_that_stay_on_stays(rob: User) -> None:
    video = seen_as_sora()

    bulk.apply(rob, Video.objects.all(), ANIME)

    assert shown(video) == [("watermark", ["SORA"], "Sora"), ("artefacts", ["AI_GEN"], "")]


def test_evidence_of_labels_that_go_off_goes(rob: User) -> None:
    video = seen_as_sora()

    bulk.apply(rob, Video.objects.all(), Change({Label.SORA: False}))

    assert shown(video) == [("artefacts", ["AI_GEN"], "")]


def test_evidence_said_with_a_style_shows_what_is_on(rob: User) -> None:
    video = make_video()
    make_settlement(video, ai_gen=True)

    bulk.apply(rob, Video.objects.all(), Change({Label.ANIME_3D: True}, EvidenceKind.ARTEFACTS))

    assert shown(video) == [("artefacts", ["AI_GEN"], "")]


def test_edit_leaves_what_says_it_already(rob: User) -> None:
    none: dict[str, Any] = dict.fromkeys(GENERATOR_FIELDS, False)
    make_settlement(make_video(), ai_gen=False, **none)

    with pytest.raises(NothingToEdit, match="None of these videos would change"):
        bulk.apply(rob, Video.objects.all(), NOT_AI)

    assert not BulkEdit.objects.exists()


GENERATOR_FIELDS = [
    *("kling", "higgsfield", "wan", "midjourney", "hailuo", "ray", "veo"),
    *("runway", "sora", "chatgpt", "pika", "hunyuan", "vidu"),
]


def test_undo_brings_back_what_people_said(rob: User) -> None:
    video = make_video()
    make_annotation(video, make_user("ana"), ai_gen=True, sora=True)
    settling.settle(video)
    edit = bulk.apply(rob, Video.objects.all(), NOT_AI)

    bulk.undo(rob, edit)

    assert (standing(video).method, standing(video).sora) == ("single", True)
    assert Annotation.objects.filter(outcome=Outcome.UNDONE, bulk=edit).count() == 1


def test_undo_of_a_labelers_own_edit_brings_back_their_own_answer(rob: User) -> None:
    video = make_video()
    make_annotation(video, rob, ai_gen=True, sora=True)
    settling.settle(video)
    edit = bulk.apply(rob, Video.objects.all(), NOT_AI)

    bulk.undo(rob, edit)

    assert (standing(video).method, standing(video).ai_gen) == ("single", True)


def test_undo_opens_a_video_that_nobody_had_judged(rob: User) -> None:
    video = make_video()
    edit = bulk.apply(rob, Video.objects.all(), NOT_AI)

    bulk.undo(rob, edit)

    video.refresh_from_db()
    assert video.settlement is None
    assert video.slots.get().state == SlotState.FREE


def test_undo_of_the_first_of_two_edits_leaves_the_second(rob: User) -> None:
    video = make_video()
    first = bulk.apply(rob, Video.objects.all(), NOT_AI)
    second = bulk.apply(rob, Video.objects.all(), VEO)

    bulk.undo(rob, first)
    after_first = standing(video)
    bulk.undo(rob, second)

    assert after_first.veo is True
    video.refresh_from_db()
    assert video.settlement is None


def test_undo_of_the_second_of_two_edits_brings_back_the_first(rob: User) -> None:
    video = make_video()
    bulk.apply(rob, Video.objects.all(), NOT_AI)
    second = bulk.apply(rob, Video.objects.all(), VEO)

    bulk.undo(rob, second)

    assert (standing(video).ai_gen, standing(video).veo) == (False, False)


def test_undo_brings_back_what_was_imported(rob: User) -> None:
    video = make_video()
    make_settlement(video, method="imported", ai_gen=True, wan=True)
    edit = bulk.apply(rob, Video.objects.all(), NOT_AI)

    bulk.undo(rob, edit)

    assert (standing(video).method, standing(video).wan) == ("imported", True)


def test_edit_is_taken_back_once(rob: User) -> None:
    make_video()
    edit = bulk.apply(rob, Video.objects.all(), NOT_AI)
    bulk.undo(rob, edit)

    with pytest.raises(AlreadyUndone, match="taken back already"):
        bulk.undo(rob, edit)


def test_edit_takes_so_many_at_most(rob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MOST", 2)
    for _ in range(3):
        make_video()

    assert bulk.apply(rob, Video.objects.all(), NOT_AI).num_videos == 2


@pytest.mark.parametrize(
    ("change", "rest"), [(VEO, 2), (NOT_AI, 2), (ANIME, 1)], ids=["generator", "not AI", "style"]
)
def test_edits_of_all_that_match_come_to_an_end(
    change: Change, rest: int, rob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST", 2)
    make_video()  # a style alone leaves it as it is: AI_GEN is not judged
    for _ in range(3):
        make_settlement(make_video(), ai_gen=True, sora=True)

    first, second = (bulk.apply(rob, Video.objects.all(), change) for _ in range(2))

    assert (first.num_videos, second.num_videos) == (2, rest)
    with pytest.raises(NothingToEdit):
        bulk.apply(rob, Video.objects.all(), change)


def test_preview_shows_the_first_that_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MOST", 2)
    for is_anime in (True, True, False, False, False):
        make_settlement(make_video(), ai_gen=False, anime_2d=is_anime)

    preview = bulk.preview(Video.objects.all(), ANIME)

    assert [video for video, _ in preview.changing] == list(Video.objects.order_by("pk")[2:4])
    assert (preview.num_same, preview.is_more) == (2, True)
