import pytest

from cakelens.framesets import frame_range, num_framesets, sampled_indices, spread_order


@pytest.mark.parametrize(("frames", "expected"), [(0, 0), (1, 1), (9, 1), (10, 2), (917, 102)])
def test_num_framesets_covers_every_frame(frames: int, expected: int) -> None:
    assert num_framesets(frames) == expected


def test_num_framesets_of_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="num_frames must be >= 0, got -1"):
        num_framesets(-1)


def test_frame_range_of_the_last_frameset_is_short() -> None:
    assert frame_range(0, 14) == range(9)
    assert frame_range(1, 14) == range(9, 14)


def test_frame_range_past_the_end_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must be in 0\.\.1 for 14 frames, got 2"):
        frame_range(2, 14)


def test_sampled_indices_are_the_middles_of_equal_stretches() -> None:
    assert sampled_indices(102, 8) == [6, 19, 31, 44, 57, 70, 82, 95]


def test_sampled_indices_take_all_of_a_short_clip() -> None:
    assert sampled_indices(3, 8) == [0, 1, 2]


@pytest.mark.parametrize("total", [1, 2, 7, 100])
def test_sampled_indices_are_distinct_and_inside(total: int) -> None:
    for k in range(1, total + 1):
        indices = sampled_indices(total, k)

        assert len(set(indices)) == k
        assert 0 <= indices[0] <= indices[-1] < total


def test_sampled_indices_refuse_nothing() -> None:
    with pytest.raises(ValueError, match="k must be >= 1, got 0"):
        sampled_indices(10, 0)


@pytest.mark.parametrize("count", [0, 1, 2, 5, 8, 13])
def test_spread_order_visits_each_once(count: int) -> None:
    order = list(spread_order(count))

    assert sorted(order) == list(range(count))


def test_spread_order_begins_far_apart() -> None:
    assert list(spread_order(8)) == [0, 4, 2, 6, 1, 5, 3, 7]
