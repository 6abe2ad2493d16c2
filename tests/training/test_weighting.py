from collections.abc import Callable

from cakelens.labels import V5_LABELS, Label
from training.batches.rows import ManifestRow
from training.learning.weighting import MOST, positive_weights

MakeRow = Callable[..., ManifestRow]


def test_rare_positives_count_more(make_row: MakeRow) -> None:
    rows = [make_row(number, ai_gen=number == 0) for number in range(4)]

    assert positive_weights(rows)[V5_LABELS.index(Label.AI_GEN)] == 3.0


def test_weight_has_its_limit(make_row: MakeRow) -> None:
    rows = [make_row(number, ai_gen=number == 0) for number in range(50)]

    assert positive_weights(rows)[V5_LABELS.index(Label.AI_GEN)] == MOST


def test_what_was_not_judged_does_not_count(make_row: MakeRow) -> None:
    rows = [make_row(0, KLING=True), make_row(1, KLING=False), make_row(2), make_row(3)]

    assert positive_weights(rows)[V5_LABELS.index(Label.KLING)] == 1.0


def test_label_of_one_class_is_left_alone(make_row: MakeRow) -> None:
    assert positive_weights([make_row(0), make_row(1)]) == [1.0] * len(V5_LABELS)
