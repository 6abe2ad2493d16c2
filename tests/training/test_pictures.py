from collections.abc import Callable
from pathlib import Path

import pytest

from cakelens.labels import V5_LABELS, Label
from training.batches.rows import ManifestRow
from training.evaluate import VideoScore
from training.evaluating.pictures import draw, said_maker, true_maker

MakeRow = Callable[..., ManifestRow]


@pytest.fixture
def score(make_row: MakeRow) -> Callable[..., VideoScore]:
    """`score(1, {"AI_GEN": 0.9}, ai_gen=True)`: a video with those probabilities, 0 of the rest."""

    def make(number: int, said: dict[str, float], **labels: object) -> VideoScore:
        return VideoScore(make_row(number, **labels), tuple(said.get(label, 0.0) for label in V5_LABELS))

    return make


MakeScore = Callable[..., VideoScore]


def test_maker_is_known_where_somebody_said_so(score: MakeScore) -> None:
    scores = [
        score(0, {}, ai_gen=True, KLING=True),
        score(1, {}, ai_gen=True),
        score(2, {}, ai_gen=False),
    ]

    assert [true_maker(one) for one in scores] == ["KLING", None, "none"]


def test_likeliest_generator_is_said_where_ai_gen_reaches_its_threshold(score: MakeScore) -> None:
    said = {"AI_GEN": 0.4, "VEO": 0.3, "KLING": 0.2}

    assert said_maker(score(0, said), {Label.AI_GEN: 0.35}) == "VEO"
    assert said_maker(score(0, said), {}) == "none"


@pytest.mark.slow
def test_pictures_are_written(score: MakeScore, tmp_path: Path) -> None:
    scores = [
        score(
            number, {"AI_GEN": number / 8, "KLING": number / 9}, ai_gen=number % 2 == 1, KLING=number % 2 == 1
        )
        for number in range(8)
    ]

    written = draw(scores, {}, tmp_path)

    assert [path.name for path in written] == ["precision-recall.png", "reliability.png", "confusion.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)


@pytest.mark.slow
def test_what_cannot_be_drawn_is_left_out(score: MakeScore, tmp_path: Path) -> None:
    written = draw([score(0, {}, ai_gen=False)], {}, tmp_path)

    assert [path.name for path in written] == ["reliability.png"]
