"""What single facts give away, without scikit-learn, beside scikit-learn."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from training.batches.confounds import fact_aucs, rank_auc, telling
from training.batches.rows import ManifestRow

MakeRow = Callable[..., ManifestRow]
Facts = Callable[[bool, np.random.Generator], dict[str, object]]


def rows(make_row: MakeRow, facts: Facts, count: int = 120) -> list[ManifestRow]:
    """Make videos, every other one generated, with such facts."""
    rng = np.random.default_rng(0)
    return [
        make_row(number, ai_gen=bool(number % 2), variant=facts(bool(number % 2), rng))
        for number in range(count)
    ]


def aucs(make_row: MakeRow, facts: Facts, count: int = 120) -> dict[str, float]:
    return fact_aucs(rows(make_row, facts, count))


@pytest.mark.parametrize("decimals", [0, 1, 9])
def test_rank_auc_is_scikit_learns(decimals: int) -> None:
    rng = np.random.default_rng(1)
    scores, targets = np.round(rng.normal(size=200), decimals), rng.random(200) < 0.3

    assert rank_auc(scores, targets) == pytest.approx(roc_auc_score(targets, scores))


def test_fact_that_gives_every_video_away_has_auc_1(make_row: MakeRow) -> None:
    found = aucs(make_row, lambda ai_gen, rng: {"fps": 24.0 if ai_gen else 30.0})

    assert found["fps"] == 1.0
    assert found["codec"] == 0.5


def test_word_gives_away_as_a_number_does(make_row: MakeRow) -> None:
    found = aucs(make_row, lambda ai_gen, rng: {"codec": "vp9" if ai_gen else "h264"})

    assert found["codec"] == 1.0


def test_one_exact_value_gives_away_though_its_rank_does_not(make_row: MakeRow) -> None:
    found = aucs(
        make_row, lambda ai_gen, rng: {"num_frames": 80 if ai_gen else int(rng.choice([40, 60, 100, 120]))}
    )

    assert found["num_frames"] == 1.0


def test_fact_by_chance_stays_near_one_half(make_row: MakeRow) -> None:
    found = aucs(make_row, lambda ai_gen, rng: {"bit_rate_bps": int(rng.integers(1, 10**6))}, count=600)

    assert found["bit_rate_bps"] == pytest.approx(0.5, abs=0.08)


def test_one_class_tells_nothing(make_row: MakeRow) -> None:
    assert fact_aucs([make_row(0, ai_gen=True)]) == {}


def test_fact_that_gives_every_video_away_is_telling(make_row: MakeRow) -> None:
    videos = rows(make_row, lambda ai_gen, rng: {"fps": 24.0 if ai_gen else 30.0})

    assert telling(fact_aucs(videos), videos) == {"fps": 1.0}


def test_facts_by_chance_are_not_telling(make_row: MakeRow) -> None:
    def by_chance(ai_gen: bool, rng: np.random.Generator) -> dict[str, object]:
        return {"num_bytes": int(rng.integers(1, 9999)), "fps": float(rng.random())}

    videos = rows(make_row, by_chance, count=60)

    assert telling(fact_aucs(videos), videos) == {}


def test_in_too_small_a_batch_nothing_is_telling(make_row: MakeRow) -> None:
    videos = rows(make_row, lambda ai_gen, rng: {"fps": 24.0 if ai_gen else 30.0}, count=4)

    assert telling(dict.fromkeys(fact_aucs(videos), 1.0), videos) == {}
