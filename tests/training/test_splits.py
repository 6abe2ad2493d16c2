from collections.abc import Callable

from cakelens.labels import Label
from training.batches.manifest import Manifest
from training.batches.rows import ManifestRow
from training.learning.splits import split_rows
from training.runs import learned_labels

MakeRow = Callable[..., ManifestRow]


def manifest(make_row: MakeRow) -> Manifest:
    rows = [
        make_row(number, split=split, KLING=kling)
        for number, (split, kling) in enumerate(
            (split, kling) for split in ("train", "validation", "test") for kling in (True, False, None)
        )
    ]
    return Manifest("v5.0", "d" * 64, tuple(rows))


def test_every_video_is_in_its_split(make_row: MakeRow) -> None:
    rows = split_rows(manifest(make_row), None)

    assert {split: len(found) for split, found in rows.items()} == {"train": 3, "validation": 3, "test": 3}


def test_held_out_generator_is_met_in_the_test_alone(make_row: MakeRow) -> None:
    rows = split_rows(manifest(make_row), "KLING")

    seen = {split: [row.labels[Label.KLING] for row in found] for split, found in rows.items()}
    assert seen == {
        "train": [False, None],
        "validation": [False, None],
        "test": [True, False, None],
    }


def test_held_out_generator_is_not_called_learned(make_row: MakeRow) -> None:
    batch = manifest(make_row)

    assert learned_labels(batch) == ["KLING"]
    assert learned_labels(batch, "KLING") == []
