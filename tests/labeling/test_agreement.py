"""Agreement: held against libraries, counted over the answers that stand."""

import krippendorff
import numpy as np
import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import DjangoAssertNumQueries

from cakelens.labels import Label
from labeling import agreement
from labeling.agreement import Units
from tests.factories import make_annotation, make_user, make_video

COUNTS = st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(lambda counts: sum(counts) > 0)


@given(units=st.dictionaries(COUNTS, st.integers(1, 30), min_size=1, max_size=8))
def test_alpha_is_that_of_the_library(units: dict[tuple[int, int], int]) -> None:
    counts = np.array([pair for pair, number in units.items() for _ in range(number)])
    paired = counts[counts.sum(axis=1) >= 2].sum(axis=0) if len(counts) else np.zeros(2)

    alpha = agreement.krippendorffs_alpha(Units(units))

    if 0 in paired:
        assert alpha is None
    else:
        expected = krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")
        assert alpha == pytest.approx(expected)


@pytest.mark.parametrize(
    ("units", "ac2", "alpha"),
    [
        ({(2, 0): 118, (1, 1): 7}, 0.94078, -0.02469),
        (
            {(2, 0): 10, (0, 2): 70, (1, 1): 8, (3, 0): 2, (2, 1): 5, (1, 2): 4, (0, 1): 6, (1, 0): 3},
            0.78501,
            0.54244,
        ),
        ({(4, 0): 3, (2, 2): 2, (1, 3): 4, (0, 4): 9, (0, 2): 5}, 0.78032, 0.56452),
    ],
)
def test_both_are_those_of_irrcac(units: dict[tuple[int, int], int], ac2: float, alpha: float) -> None:
    """What irrCAC 0.4.4 returns, whose dependencies do not go with ours."""
    assert agreement.gwets_ac(Units(units)) == pytest.approx(ac2, abs=1e-5)
    assert agreement.krippendorffs_alpha(Units(units)) == pytest.approx(alpha, abs=1e-5)


@pytest.mark.parametrize("units", [{}, {(1, 0): 9}])
def test_nothing_judged_twice_has_no_agreement(units: dict[tuple[int, int], int]) -> None:
    assert agreement.gwets_ac(Units(units)) is None
    assert agreement.krippendorffs_alpha(Units(units)) is None


def test_full_agreement_on_what_nobody_says() -> None:
    units = Units({(0, 2): 50})

    assert (agreement.gwets_ac(units), agreement.krippendorffs_alpha(units)) == (1, None)


@pytest.fixture
def people(db: None) -> list[User]:
    return [make_user(name) for name in ("ana", "ben", "cleo")]


def test_report_counts_videos_that_two_judged(people: list[User]) -> None:
    ana, ben, cleo = people
    agreed, disputed, alone = make_video(), make_video(), make_video()
    for labeler in people:
        make_annotation(agreed, labeler, ai_gen=True, sora=True)
    make_annotation(disputed, ana, ai_gen=True)
    make_annotation(disputed, ben, ai_gen=False)
    make_annotation(alone, cleo)

    found = agreement.report().shown[0]

    assert (found.label, found.num_videos, found.num_disputed) == (Label.AI_GEN, 2, 1)
    assert found.units == {(3, 0): 1, (1, 1): 1}


def test_report_keeps_blind_videos_apart(people: list[User]) -> None:
    ana, ben, _ = people
    blind = make_video(is_blind=True)
    for labeler in (ana, ben):
        make_annotation(blind, labeler)

    report = agreement.report()

    assert (report.shown[0].num_videos, report.blind[0].num_videos) == (0, 1)


@pytest.mark.parametrize("outcome", ["skipped", "undone", "voided"])
def test_report_leaves_out_what_stands_no_more(outcome: str, people: list[User]) -> None:
    ana, ben, _ = people
    video = make_video()
    make_annotation(video, ana)
    make_annotation(video, ben)
    make_annotation(video, ben, outcome)

    assert agreement.report().is_empty


@pytest.mark.parametrize("picked_by", ["gold", "review"])
def test_report_leaves_out_gold_and_reviewers(picked_by: str, people: list[User]) -> None:
    ana, ben, _ = people
    video = make_video()
    make_annotation(video, ana)
    make_annotation(video, ben, picked_by=picked_by)

    assert agreement.report().is_empty


def test_report_counts_the_newest_answer_of_a_person(people: list[User]) -> None:
    ana, ben, _ = people
    video = make_video()
    make_annotation(video, ana, ai_gen=False)
    make_annotation(video, ana, ai_gen=True)
    make_annotation(video, ben, ai_gen=True)

    assert agreement.report().shown[0].units == {(2, 0): 1}


def test_report_asks_one_query(people: list[User], django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(5):
        video = make_video()
        for labeler in people:
            make_annotation(video, labeler)

    with django_assert_num_queries(1):
        agreement.report()
