import pytest

from inference.measured import Pair, read_all

PAIR = {
    "num_videos": 4,
    "auc_difference": 0.25,
    "auc_difference_interval": [0.1, 0.4],
    "only_ours_right": 2,
    "only_theirs_right": 0,
    "mcnemar_p": 0.5,
}
EVALUATION = {
    "framesets": 8,
    "test": {
        "num_videos": 4,
        "labels": {"AI_GEN": {"auc": 1.0}},
        "slices": [{"kind": "generator", "name": "KLING", "auc": 0.9, "auc_interval": [0.8, 1.0]}],
    },
    "ladder": [{"quality": 28, "auc": 0.8, "auc_interval": None}],
    "paired": {"v5.0": PAIR},
}


def test_measurement_is_read_with_its_parts_pairs_and_rungs() -> None:
    (found,) = read_all({"evaluations": {"v5.0": EVALUATION}})

    assert (found.batch, found.num_videos, found.framesets) == ("v5.0", 4, 8)
    assert (found.parts[0].name, found.parts[0].auc.value if found.parts[0].auc else None) == ("KLING", 0.9)
    assert (found.rungs[0].quality, found.pairs[0].theirs) == (28, 0.75)


def test_newest_batch_comes_first() -> None:
    found = read_all({"evaluations": {"v5.0": {}, "v5.1": {}}})

    assert [one.batch for one in found] == ["v5.1", "v5.0"]


def test_what_is_missing_is_not_shown() -> None:
    assert read_all({}) == ()
    assert read_all({"evaluations": {"v5.0": {"test": None, "paired": []}}})[0].parts == ()


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.1, 0.4, "this one is better"),
        (-0.4, -0.1, "v5.0 is better"),
        (-0.1, 0.4, "no difference shown"),
        (None, None, "no difference shown"),
    ],
)
def test_verdict_waits_for_the_interval(low: float | None, high: float | None, verdict: str) -> None:
    assert Pair("v5.0", 4, 1.0, 0.9, 0.1, low, high, 1, 0, 0.5).verdict == verdict


@pytest.mark.parametrize(
    ("p", "said"), [(None, "–"), (0.00002, "< 0.001"), (0.0312, "0.031"), (1.0, "1.000")]
)
def test_small_chances_are_not_rounded_to_none(p: float | None, said: str) -> None:
    assert Pair("v5.0", 4, 1.0, 0.9, 0.1, 0.0, 0.2, 1, 0, p).chance == said
