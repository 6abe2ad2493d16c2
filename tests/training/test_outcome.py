from collections.abc import Callable

import pytest

from training.batches.rows import ManifestRow
from training.evaluate import VideoScore
from training.learning.outcome import Progress

MakeRow = Callable[..., ManifestRow]


@pytest.fixture
def scores(make_row: MakeRow) -> Callable[..., list[VideoScore]]:
    """`scores(0.9, 0.2)`: videos with these probabilities, by turns generated and not."""

    def make(*probabilities: float) -> list[VideoScore]:
        rows = [make_row(number, ai_gen=number % 2 == 0) for number in range(len(probabilities))]
        return [VideoScore(row, (value,) * 17) for row, value in zip(rows, probabilities, strict=True)]

    return make


MakeScores = Callable[..., list[VideoScore]]


def test_higher_auc_is_better(scores: MakeScores) -> None:
    progress = Progress()

    taken = [
        progress.take(1, scores(0.2, 0.9)),
        progress.take(2, scores(0.9, 0.2)),
        progress.take(3, scores(0.2, 0.9)),
    ]

    assert taken == [True, True, False]
    assert progress.best_step == 2


def test_equal_auc_is_decided_by_the_loss(scores: MakeScores) -> None:
    progress = Progress()

    taken = [progress.take(step, scores(high, 0.4)) for step, high in ((1, 0.5), (2, 0.9), (3, 0.6))]

    assert taken == [True, True, False]


def test_auc_within_the_noise_of_few_videos_is_decided_by_the_loss(scores: MakeScores) -> None:
    barely_ordered = scores(0.51, 0.50, 0.52, 0.49, 0.53, 0.48)  # AUC 1
    one_pair_wrong = scores(0.95, 0.05, 0.95, 0.05, 0.40, 0.41)  # AUC 8/9, three of each class
    progress = Progress()

    taken = [progress.take(1, barely_ordered), progress.take(2, one_pair_wrong)]

    assert taken == [True, True]


def test_one_class_is_decided_by_the_loss(scores: MakeScores) -> None:
    progress = Progress()

    taken = [progress.take(step, scores(value)) for step, value in ((1, 0.6), (2, 0.5), (3, 0.7))]

    assert taken == [True, False, True]
    assert progress.chosen_by == "loss on 1 validation video, all of one class of AI_GEN"


def test_without_videos_the_last_is_best() -> None:
    progress = Progress()

    assert [progress.take(step, []) for step in (1, 2)] == [True, True]
    assert progress.best_step == 2


def test_first_and_last_loss_are_means_of_a_tenth() -> None:
    losses = [float(step) for step in range(30)]

    assert Progress(losses=losses).first_and_last_loss() == (1.0, 28.0)
    assert Progress(losses=[0.5]).first_and_last_loss() == (0.5, 0.5)
