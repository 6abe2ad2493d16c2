import pytest

from training.evaluating.pairing import mcnemar_p, mirrored, paired


def judged(*probabilities: float) -> dict[str, list[object]]:
    """Every other video is generated; each is a group of its own."""
    return {
        f"{number:03d}/0": [probability, number % 2 == 1, f"g{number}"]
        for number, probability in enumerate(probabilities)
    }


GOOD = judged(*[0.1, 0.9] * 10)
BAD = judged(*[0.1, 0.9, 0.8, 0.3] * 5)


def test_better_model_is_found_better() -> None:
    pair = paired(GOOD, BAD, (0.5, 0.5))

    assert pair is not None
    assert (pair["num_videos"], pair["only_ours_right"], pair["only_theirs_right"]) == (20, 10, 0)
    assert pair["auc_difference"] == pytest.approx(0.25)
    low, high = pair["auc_difference_interval"]
    assert 0 < low < 0.25 < high
    assert pair["mcnemar_p"] == pytest.approx(2 / 2**10)


def test_same_model_differs_in_nothing() -> None:
    pair = paired(GOOD, GOOD, (0.5, 0.5))

    assert pair is not None
    assert (pair["auc_difference"], pair["auc_difference_interval"], pair["mcnemar_p"]) == (0, [0, 0], 1.0)


def test_mirrored_is_the_comparison_the_other_way_round() -> None:
    pair, other = paired(GOOD, BAD, (0.5, 0.4)), paired(BAD, GOOD, (0.4, 0.5))

    assert pair is not None
    assert other is not None
    there = mirrored(pair)
    assert there.pop("auc_difference_interval") == pytest.approx(other.pop("auc_difference_interval"))
    assert there == pytest.approx(other)


def test_only_videos_that_both_judged_count() -> None:
    pair = paired(GOOD, dict(list(BAD.items())[:6]), (0.5, 0.5))

    assert pair is not None
    assert pair["num_videos"] == 6


def test_one_class_cannot_be_compared() -> None:
    one = {name: value for name, value in GOOD.items() if value[1]}

    assert paired(one, one, (0.5, 0.5)) is None


@pytest.mark.parametrize(("ours", "theirs", "p"), [(0, 0, 1.0), (5, 5, 1.0), (1, 9, 22 / 1024)])
def test_mcnemar_is_the_exact_binomial(ours: int, theirs: int, p: float) -> None:
    assert mcnemar_p(ours, theirs) == pytest.approx(p)
