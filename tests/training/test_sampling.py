from collections import Counter
from collections.abc import Callable
from itertools import chain

from training.batches.rows import ManifestRow
from training.config import TrainConfig
from training.learning.sampling import Schedule

MakeRow = Callable[..., ManifestRow]


def schedule(**values: object) -> Schedule:
    plain = {"strata": ("",) * 10, "videos_per_step": 4, "num_steps": 6, "seed": 1}
    return Schedule(**(plain | values))  # type: ignore[arg-type]  # values as given


def test_each_epoch_takes_each_video_once() -> None:
    picks = list(chain.from_iterable(schedule().minibatches()))

    for epoch in (0, 1):
        assert sorted(pick.row for pick in picks if pick.epoch == epoch) == list(range(10))


def test_last_minibatch_of_an_epoch_is_short() -> None:
    assert [len(picks) for picks in schedule().minibatches()] == [4, 4, 2, 4, 4, 2]


def test_epochs_differ_in_order() -> None:
    assert schedule().order(0) != schedule().order(1)


def test_continues_where_it_stopped() -> None:
    whole = list(schedule().minibatches())

    assert list(schedule().minibatches(4)) == whole[4:]


def test_seed_decides_the_order() -> None:
    assert schedule(seed=2).order(0) != schedule(seed=3).order(0)


def test_strata_share_an_epoch_equally() -> None:
    strata = ("common",) * 9 + ("rare",)

    rows = schedule(strata=strata).order(0)

    assert Counter(strata[row] for row in rows) == {"common": 5, "rare": 5}


def test_common_stratum_is_seen_whole_over_the_epochs() -> None:
    balanced = schedule(strata=("common",) * 8 + ("rare",) * 2)

    seen = set(chain.from_iterable(balanced.order(epoch) for epoch in range(8)))

    assert seen == set(range(10))


def test_balance_by_label_and_by_generator(make_row: MakeRow) -> None:
    rows = [make_row(0, ai_gen=False), make_row(1, KLING=True), make_row(2, VEO=True), make_row(3)]

    by_label = Schedule.of(rows, TrainConfig(balance="label"))
    by_generator = Schedule.of(rows, TrainConfig(balance="generator"))

    assert by_label.strata == ("False", "True", "True", "True")
    assert by_generator.strata == ("False", "KLING", "VEO", "unknown generator")
