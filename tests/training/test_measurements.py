"""What is kept of measurements, and how models that were measured on the same videos hear of one another."""

import json
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from inference.models import ModelVersion
from tests.factories import make_model
from training.evaluating.measurements import record

pytestmark = pytest.mark.django_db


def measured(*probabilities: float) -> dict[str, Any]:
    """What one measurement holds; every other video is generated."""
    scores = {
        f"{number:03d}/0": [probability, number % 2 == 1, f"g{number}"]
        for number, probability in enumerate(probabilities)
    }
    ai_gen = {"auc": 0.9, "auc_interval": [0.8, 1.0], "ap": 0.8, "ap_interval": None, "at_half": None}
    return {
        "test": {"num_videos": len(scores), "labels": {"AI_GEN": ai_gen}, "scores": scores},
        "baseline": {"auc": 0.5, "auc_interval": None, "reason": None},
        "thresholds": {"AI_GEN": 0.5},
        "framesets": 8,
    }


def evaluations(slug: str) -> Any:
    return ModelVersion.objects.get(slug=slug).metrics["evaluations"]


def test_second_model_is_compared_with_the_first_and_the_first_hears_of_it() -> None:
    record(make_model("a"), "v5.0", measured(0.1, 0.9, 0.8, 0.3))
    record(make_model("b"), "v5.0", measured(0.1, 0.9, 0.2, 0.8))

    there, back = evaluations("b")["v5.0"]["paired"]["a"], evaluations("a")["v5.0"]["paired"]["b"]
    assert (there["auc_difference"], back["auc_difference"]) == (0.25, -0.25)
    assert (there["only_ours_right"], back["only_ours_right"]) == (2, 0)


def test_models_measured_on_different_batches_are_not_compared() -> None:
    record(make_model("a"), "v5.0", measured(0.1, 0.9))
    record(make_model("b"), "v5.1", measured(0.1, 0.9, 0.2, 0.8))

    assert evaluations("b")["v5.1"]["paired"] == {}


def test_measured_anew_takes_the_place_of_the_old_numbers() -> None:
    model = make_model("a")

    record(model, "v5.0", measured(0.1, 0.9))
    record(model, "v5.0", measured(0.2, 0.8))

    assert model.video_scores.get().scores["000/0"][0] == 0.2


def test_single_videos_are_kept_apart_from_the_metrics() -> None:
    model = make_model("a", metrics={})

    record(model, "v5.0", measured(0.1, 0.9))

    model.refresh_from_db()
    assert "000/0" not in json.dumps(model.metrics)
    assert model.video_scores.get().scores["000/0"] == [0.1, False, "g0"]


def test_scores_that_were_kept_in_the_metrics_are_moved() -> None:
    old = measured(0.1, 0.9)
    metrics = {"auc": 0.9, "evaluation": {"test": old["test"]}, "evaluations": {"v5.0": old}}
    model = make_model("a", metrics=metrics)

    import_module("inference.migrations.0003_move_video_scores").move(apps, None)

    model.refresh_from_db()
    assert "000/0" not in json.dumps(model.metrics)
    assert model.metrics["evaluations"]["v5.0"]["test"]["num_videos"] == 2
    assert model.video_scores.get(batch="v5.0").scores == old["test"]["scores"]


def test_model_that_was_never_measured_gets_its_headline() -> None:
    model = make_model("a", metrics={})

    record(model, "v5.0", measured(0.1, 0.9))

    assert (model.metrics["auc"], model.metrics["baseline_auc"], model.metrics["batch"]) == (0.9, 0.5, "v5.0")


def test_headline_of_the_training_stays() -> None:
    model = make_model("a", metrics={"auc": 0.7, "batch": "v5.0"})

    record(model, "v5.1", measured(0.1, 0.9))

    assert (model.metrics["auc"], model.metrics["batch"]) == (0.7, "v5.0")
