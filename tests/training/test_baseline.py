from collections.abc import Callable

import numpy as np
import pytest

from training.batches.rows import ManifestRow
from training.evaluating import baseline

MakeRow = Callable[..., ManifestRow]


@pytest.fixture
def rows(make_row: MakeRow) -> Callable[..., list[ManifestRow]]:
    """`rows(variant=lambda ai_gen, rng: {...})`: 60 videos, every other one generated, with such facts."""

    def make(variant: Callable[..., dict[str, object]]) -> list[ManifestRow]:
        rng = np.random.default_rng(3)
        return [
            make_row(number, ai_gen=number % 2 == 1, variant=variant(number % 2 == 1, rng))
            for number in range(60)
        ]

    return make


MakeRows = Callable[..., list[ManifestRow]]


def test_facts_of_a_video(make_row: MakeRow) -> None:
    known = baseline.facts(
        make_row(variant={"width": 1024, "height": 256, "num_bytes": 2**18, "num_frames": 4})
    )

    assert (known["aspect"], known["padding"], known["bits_per_pixel"]) == (4.0, 0.5, 2.0)


@pytest.mark.slow
def test_frame_rate_that_gives_the_class_away_scores_1(rows: MakeRows) -> None:
    given_away = rows(lambda ai_gen, rng: {"fps": 16.0 if ai_gen else 12.0})

    assert baseline.metadata_baseline(given_away[:40], given_away[40:])["auc"] == 1.0


@pytest.mark.slow
def test_equal_facts_score_one_half(rows: MakeRows) -> None:
    equal = rows(lambda ai_gen, rng: {})

    assert baseline.metadata_baseline(equal[:40], equal[40:]) == {
        "auc": 0.5,
        "auc_interval": [0.5, 0.5],
        "reason": None,
    }


@pytest.mark.parametrize(
    ("train", "test", "reason"),
    [
        ([], [True, False], "AI_GEN in the training split: not judged on any video"),
        ([True, True], [True, False], "AI_GEN in the training split: no video without it"),
        ([True, False], [False], "AI_GEN in the test split: no video with it"),
    ],
)
def test_one_class_has_a_reason(make_row: MakeRow, train: list[bool], test: list[bool], reason: str) -> None:
    train_rows, test_rows = (
        [make_row(number, ai_gen=value) for number, value in enumerate(split)] for split in (train, test)
    )

    found = baseline.metadata_baseline(train_rows, test_rows)

    assert found == {"auc": None, "auc_interval": None, "reason": reason}
