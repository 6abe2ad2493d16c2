from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from training.batches.rows import ManifestRow
from training.evaluating.slices import slices

MakeRow = Callable[..., ManifestRow]


@pytest.fixture
def train(make_row: MakeRow) -> list[ManifestRow]:
    return [make_row(100 + number, ai_gen=number % 2 == 1, author_id="known") for number in range(12)]


@pytest.fixture
def test_rows(make_row: MakeRow) -> list[ManifestRow]:
    """Two of KLING, two of VEO, four filmed; the last of each kind is by an author unseen in training."""
    makers = [{"KLING": True, "VEO": False}] * 2 + [{"KLING": False, "VEO": True}] * 2
    made = [
        make_row(number, ai_gen=True, author_id="new" if number == 3 else "known", **maker)
        for number, maker in enumerate(makers)
    ]
    large = {"width": 1920, "height": 1080, "duration_seconds": 12.0}
    filmed = [
        make_row(number, ai_gen=False, author_id="new" if number == 7 else "known", variant=large)
        for number in range(4, 8)
    ]
    return made + filmed


SCORES = np.array([0.9, 0.8, 0.3, 0.2, 0.1, 0.4, 0.6, 0.1])


def found(test_rows: list[ManifestRow], train: list[ManifestRow]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(part["kind"], part["name"]): part for part in slices(test_rows, SCORES, train, 0.5)}


@pytest.mark.slow
def test_each_generator_stands_against_all_that_is_filmed(
    test_rows: list[ManifestRow], train: list[ManifestRow]
) -> None:
    parts = found(test_rows, train)

    kling, veo = parts["generator", "KLING"], parts["generator", "VEO"]
    assert (kling["positives"], kling["negatives"], kling["auc"], kling["recall"]) == (2, 4, 1.0, 1.0)
    assert (veo["positives"], veo["auc"], veo["recall"], veo["false_alarms"]) == (2, 0.5, 0.0, 0.25)


@pytest.mark.slow
def test_unseen_authors_are_a_part(test_rows: list[ManifestRow], train: list[ManifestRow]) -> None:
    unseen = found(test_rows, train)["author", "not in training"]

    assert (unseen["positives"], unseen["negatives"], unseen["auc"]) == (1, 1, 1.0)


@pytest.mark.slow
def test_sizes_and_lengths_are_parts_with_their_reason(
    test_rows: list[ManifestRow], train: list[ManifestRow]
) -> None:
    parts = found(test_rows, train)

    assert parts["resolution", "1080p"]["reason"] == "no video with it"
    assert parts["duration", "under 5 s"]["positives"] == 4


@pytest.mark.slow
def test_metadata_stands_beside_each_part(test_rows: list[ManifestRow], train: list[ManifestRow]) -> None:
    parts = found(test_rows, train)

    assert parts["generator", "KLING"]["baseline_auc"] == 0.5  # the training rows' facts are all alike
    assert all("baseline_auc" in part for part in parts.values())


def test_without_both_classes_in_training_nothing_stands_beside(
    test_rows: list[ManifestRow], train: list[ManifestRow]
) -> None:
    parts = found(test_rows, train[::2])

    assert parts["generator", "KLING"]["baseline_auc"] is None
