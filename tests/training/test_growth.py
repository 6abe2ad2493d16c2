"""Counts, small bars and cautions, as values."""

import pytest

from tests.factories import make_batch
from training.batches.counts import Count, thin_labels
from training.evaluating.cautions import cautions, confounds
from training.models import TrainingBatch
from training.pages.bars import lying, stacked
from training.pages.growth import Growth

COUNTS = {"AI_GEN": {"train": [6, 4, 0], "validation": [1, 1, 0], "test": [2, 3, 0]}}


def test_count_of_a_label_is_its_positives_by_split() -> None:
    batch = TrainingBatch(label_counts=COUNTS)

    assert Count.of_series(batch, "AI_GEN") == Count(6, 1, 2)
    assert Count.of_series(batch, "NOT_AI") == Count(4, 1, 3)
    assert Count.of_series(batch, "KLING") == Count()


def test_stacked_bars_stand_on_each_other() -> None:
    bars = stacked([Count(train=5, validation=2, test=3)], top=10)

    assert bars.train == "M0.0 44.0v-22.0h14.0v22.0z"
    assert bars.validation == "M0.0 22.0v-8.8h14.0v8.8z"
    assert bars.test == "M0.0 13.2v-13.2h14.0v13.2z"


def test_empty_part_of_a_bar_draws_nothing() -> None:
    bars = lying(Count(train=5), top=10)

    assert (bars.train, bars.validation, bars.test) == ("M0.0 0h100.0v10h-100.0z", "", "")


def test_label_with_few_positives_in_test_is_thin_and_one_without_any_positive_is_not() -> None:
    batch = TrainingBatch(label_counts=COUNTS | {"KLING": {"train": [100, 0, 0], "test": [20, 0, 0]}})

    assert thin_labels(batch) == [("AI_GEN", 2), ("NOT_AI", 3)]


def test_fact_that_tells_by_being_low_tells_as_much() -> None:
    batch = TrainingBatch(
        confounds={"fps": 0.1, "width": 0.65, "codec": None},
        label_counts={"AI_GEN": {"train": [200, 200, 0]}},
    )

    found = confounds(batch)

    assert [(each.fact, each.auc, each.is_telling) for each in found] == [
        ("frame rate", 0.9, True),
        ("width", 0.65, False),
    ]


def test_batch_without_test_videos_is_said_to_measure_nothing() -> None:
    batch = TrainingBatch(num_train=10, label_counts={})

    assert next(cautions(batch)) == (
        "No video is in the test split: nothing trained on this batch can be measured."
    )


def test_label_without_any_positive_is_named() -> None:
    counts = {name: {"train": [5, 5, 0]} for name in ("AI_GEN", "KLING")}
    batch = TrainingBatch(num_train=10, label_counts=counts)

    [caution] = [caution for caution in cautions(batch) if "No positive at all" in caution]

    assert "KLING" not in caution
    assert "VIDU. A model cannot learn what it never sees." in caution


def test_fact_that_chance_explains_in_a_small_batch_is_no_caution() -> None:
    few = TrainingBatch(confounds={"fps": 0.75}, label_counts={"AI_GEN": {"train": [6, 6, 0]}})
    many = TrainingBatch(confounds={"fps": 0.75}, label_counts={"AI_GEN": {"train": [60, 60, 0]}})

    assert [(each.is_telling, each.mark) for each in confounds(few)] == [(False, "M90.2 0V8")]
    assert [(each.is_telling, each.mark) for each in confounds(many)] == [(True, "M40.0 0V8")]


def test_fact_in_a_batch_where_chance_reaches_everything_has_no_mark() -> None:
    batch = TrainingBatch(confounds={"fps": 1.0}, label_counts={"AI_GEN": {"train": [2, 2, 0]}})

    assert [(each.is_telling, each.mark) for each in confounds(batch)] == [(False, "")]


def test_batch_whose_test_videos_are_of_one_kind_is_said_to_have_no_auc() -> None:
    batch = TrainingBatch(num_train=10, num_test=3, label_counts={"AI_GEN": {"test": [3, 0, 0]}})

    assert "All 3 test videos are of one kind: no AUC can be computed on that." in list(cautions(batch))


@pytest.mark.django_db
@pytest.mark.parametrize("most", [None, 1, 2, 3])
def test_version_grew_from_the_newest_one_that_was_filtered_alike(most: int | None) -> None:
    veo = {"labels": ["VEO"], "since": "2026-07-01"}
    for slug, size, filters in (
        ("v5.0", 10, {}),
        ("veo-1", 3, veo),
        ("few", 2, {"min_answers": 2}),
        ("v5.1", 14, {}),
        ("veo-2", 4, veo),
    ):
        make_batch(slug, num_train=size, filters=filters)

    growth = Growth.read(most=most)

    changes = {version.batch.slug: version.change for version in growth.versions}
    assert [*changes.items()] == [("v5.0", 10), ("veo-1", None), ("few", None), ("v5.1", 4), ("veo-2", 1)][
        -(most or 5) :
    ]
    assert growth.has_more == bool(most)


@pytest.mark.django_db
def test_labels_of_one_group_share_a_scale() -> None:
    make_batch(num_train=10, label_counts={"KLING": {"train": [10, 0, 0]}, "PIKA": {"train": [1, 0, 0]}})

    generators = Growth.read().groups()[2]

    heights = {multiple.name: multiple.bars.train for multiple in generators.multiples}
    assert generators.top == 10
    assert heights["KLING"] == "M0.0 44.0v-44.0h14.0v44.0z"
    assert heights["PIKA"] == "M0.0 44.0v-4.4h14.0v4.4z"
