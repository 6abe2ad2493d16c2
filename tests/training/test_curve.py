import json

import pytest

from training.pages.curve import MOST, Curve, path


def test_every_step_is_a_point_while_there_are_few() -> None:
    curve = Curve()

    for step in (1, 2, 3):
        curve.add(step, step / 2)

    assert curve.points == [(1, 0.5), (2, 1.0), (3, 1.5)]


def test_long_run_stays_thin_and_keeps_its_mean() -> None:
    curve = Curve()

    for step in range(1, 10_001):
        curve.add(step, 2.0 if step % 2 else 1.0)

    assert MOST / 2 <= len(curve.points) <= MOST
    assert {round(loss, 6) for _, loss in curve.points} == {1.5}
    assert curve.points[-1][0] > 9_800


def test_curve_goes_on_where_its_row_ends() -> None:
    curve = Curve()
    for step in range(1, 300):
        curve.add(step, 1.0)

    again = Curve.of(json.loads(json.dumps(curve.to_dict())))

    assert (again.points, again.stretch) == (curve.points, curve.stretch)


@pytest.mark.parametrize("kept", [None, {}, {"points": []}, "x"])
def test_row_without_a_curve_begins_one(kept: object) -> None:
    assert Curve.of(kept) == Curve()


def test_path_reaches_as_far_as_the_run_has_come() -> None:
    kept = {"stretch": 1, "points": [[1, 2.0], [5, 1.0]]}

    assert path(kept, 10, width=100, height=40) == "M10.0 0.0L50.0 20.0"


def test_one_point_is_no_line() -> None:
    assert path({"stretch": 1, "points": [[1, 2.0]]}, 10) == ""
