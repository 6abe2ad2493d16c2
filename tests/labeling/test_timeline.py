"""The score timeline under the player."""

import struct
from typing import Any

import pytest

from cakelens.labels import V5_LABELS
from labeling.models import Video
from labeling.timeline import Timeline, ai_gen_scores, timeline_of
from tests import factories

pytestmark = pytest.mark.django_db


def packed(scores: list[float]) -> bytes:
    rows = [score if label == "AI_GEN" else 0.0 for score in scores for label in V5_LABELS]
    return struct.pack(f"<{len(rows)}e", *rows)


def drawn(video: Video, scores: list[float], starts: list[float], **model: Any) -> Timeline | None:
    prediction = factories.make_prediction(video, factories.make_model(**model))
    factories.make_scores(prediction, packed(scores), struct.pack(f"<{len(starts)}f", *starts))
    return timeline_of(prediction, list(video.variants.all()))


def test_scores_are_those_of_ai_gen() -> None:
    assert ai_gen_scores(packed([0.25, 0.75]), [*V5_LABELS]) == [0.25, 0.75]


def test_scores_follow_the_models_own_label_order() -> None:
    order = ["KLING", "AI_GEN"]

    assert ai_gen_scores(struct.pack("<4e", 0.5, 0.25, 0.5, 0.75), order) == [0.25, 0.75]


def test_bar_stands_where_its_frames_are() -> None:
    timeline = drawn(factories.make_video(), [0.25, 0.75], [0.0, 2.5])

    assert timeline is not None
    assert timeline.duration_seconds == 5.0
    assert [bar.start_seconds for bar in timeline.bars] == [0.0, 2.5]
    assert [bar.length_seconds for bar in timeline.bars] == [0.36, 0.36]  # nine frames at 25 a second


def test_highest_bar_is_the_peak() -> None:
    timeline = drawn(factories.make_video(), [0.25, 0.75, 0.5], [0.0, 1.0, 2.0])

    assert timeline is not None
    assert timeline.peak.start_seconds == 1.0


def test_no_timeline_once_scores_are_pruned() -> None:
    video = factories.make_video()
    prediction = factories.make_prediction(video, factories.make_model())

    assert timeline_of(prediction, list(video.variants.all())) is None


def test_no_timeline_for_a_variant_that_is_gone() -> None:
    video = factories.make_video()
    prediction = factories.make_prediction(video, factories.make_model())
    factories.make_scores(prediction, packed([0.5]), struct.pack("<f", 0))

    assert timeline_of(prediction, []) is None
