import json
from collections.abc import Callable

import pytest

from cakelens.labels import Label
from training.batches.rows import ManifestRow, VariantRow

MakeRow = Callable[..., ManifestRow]
MakeVariant = Callable[..., VariantRow]


def test_row_survives_its_plain_form(make_row: MakeRow) -> None:
    row = make_row(1, KLING=True, VEO=False, author="ana", evidence=("watermark",), kind="gif")

    again = ManifestRow.from_dict(json.loads(json.dumps(row.to_dict())))

    assert again.to_dict() == row.to_dict()


def test_targets_are_in_the_order_of_the_models_outputs(make_row: MakeRow) -> None:
    targets = make_row(KLING=True, VIDU=False).targets

    assert (len(targets), targets[0], targets[4], targets[16]) == (17, True, True, False)
    assert targets[1] is None


def test_best_variant_is_the_largest(make_row: MakeRow, make_variant: MakeVariant) -> None:
    variants = [make_variant(key, width=width) for key, width in (("a", 320), ("b", 1280), ("c", 640))]
    row = make_row(variants=tuple(sorted(variants, key=lambda variant: variant.sha256)))

    assert row.best_variant.width == 1280


def test_whole_and_broken_frame_rates_make_one_line(make_row: MakeRow) -> None:
    assert make_row(variant={"fps": 24}).canonical_line() == make_row(variant={"fps": 24.0}).canonical_line()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"split": "dev"}, r"split must be one of train, validation, test, got 'dev'"),
        ({"kind": "film"}, r"kind must be one of video, gif, got 'film'"),
        ({"video": ""}, r"video and group must not be empty"),
        ({"variants": ()}, r"variants must be sorted by sha256, got \[\]"),
        ({"evidence": ("watermark", "author")}, r"evidence must be sorted"),
        ({"ai_gen": None}, r"AI_GEN must be judged"),
        ({"ai_gen": False, "KLING": True}, r"a generator implies AI_GEN, got \['KLING'\]"),
        ({"KLING": 1}, r"labels must be true, false or None, got \['KLING'\]"),
        ({"labels": {"AI_GEN": True, "PAINT": True}}, r"labels must be of the taxonomy, got \['PAINT'\]"),
    ],
)
def test_row_refuses(make_row: MakeRow, values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_row(**values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sha256": "abc"}, "sha256 must be 64 hex digits, got 'abc'"),
        ({"name": "../secret"}, "name must be a relative path without '..', got '../secret'"),
        ({"name": "/etc/passwd"}, "name must be a relative path"),
        ({"width": 0}, "width must be > 0, got 0"),
        ({"num_frames": 0}, "num_frames must be > 0, got 0"),
        ({"fps": -1.0}, "fps must be >= 0, got -1.0"),
    ],
)
def test_variant_refuses(make_variant: MakeVariant, values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_variant("a", **values)


def test_labels_may_be_named_by_plain_text(make_row: MakeRow) -> None:
    assert make_row(KLING=True).labels[Label.KLING] is True
