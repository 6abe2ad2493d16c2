from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from cakelens.labels import Label
from inference.models import ModelVersion, Prediction, PredictJob, VideoScores
from tests.constraints import constraint_names, refused_by
from tests.factories import make_model, make_prediction, make_scores, make_video
from tests.races import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def two_current() -> None:
    make_model("a", is_current=True)
    make_model("b", is_current=True)


def predict_twice() -> None:
    video, model = make_video(), make_model()
    make_prediction(video, model, is_served=False)
    make_prediction(video, model, is_served=False)


def serve_two() -> None:
    video = make_video()
    for slug in ("a", "b"):
        make_prediction(video, make_model(slug))


def queue_twice() -> None:
    video, model = make_video(), make_model()
    for _ in range(2):
        PredictJob.objects.create(video=video, model=model)


def run_without_lease() -> None:
    PredictJob.objects.create(video=make_video(), model=make_model(), state="running")


def measure_twice() -> None:
    model = make_model()
    for _ in range(2):
        VideoScores.objects.create(model=model, batch="v5.0", scores={})


BROKEN: list[tuple[str, Callable[[], object]]] = [
    ("model_one_current", two_current),
    ("model_untrained_never_suggests", lambda: make_model(is_trained=False, is_current=True)),
    ("prediction_once", predict_twice),
    ("prediction_one_served", serve_two),
    ("prediction_is_probability", lambda: make_prediction(make_video(), make_model(), ai_gen=1.01)),
    ("prediction_is_probability", lambda: make_prediction(make_video(), make_model(), ai_gen=-0.01)),
    ("predict_job_once", queue_twice),
    ("video_scores_once", measure_twice),
    ("inference_predictjob_running_has_lease", run_without_lease),
]


@pytest.mark.parametrize(("name", "write"), BROKEN)
def test_database_refuses(name: str, write: Callable[[], object]) -> None:
    with refused_by(name):
        write()


def test_every_constraint_was_broken_once() -> None:
    assert {name for name, _ in BROKEN} == constraint_names("inference")


def test_probability_that_is_no_number_is_refused() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_prediction(make_video(), make_model(), ai_gen=float("nan"), probabilities={}, standard_errors={})


def test_promoted_model_replaces_the_current_one() -> None:
    old, new = make_model("old", is_current=True), make_model("new")

    new.promote()

    old.refresh_from_db()
    assert (old.is_current, new.is_current) == (False, True)
    assert new.promoted_at is not None
    assert list(ModelVersion.objects.suggesting()) == [new]


def test_promoting_the_current_model_keeps_it() -> None:
    model = make_model(is_current=True)

    model.promote()

    assert ModelVersion.objects.suggesting().get() == model


def test_untrained_model_cannot_be_promoted_and_the_old_one_stays() -> None:
    old, untrained = make_model("old", is_current=True), make_model("new", is_trained=False)

    with refused_by("model_untrained_never_suggests"):
        untrained.promote()

    assert ModelVersion.objects.suggesting().get() == old


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_models_promoted_at_once_leave_one_current() -> None:
    make_model("old", is_current=True)
    models = [make_model(f"new-{number}") for number in range(8)]

    at_once(*[model.promote for model in models])

    assert ModelVersion.objects.suggesting().count() == 1


def test_suggestions_leave_out_what_the_model_never_learned() -> None:
    model = make_model(learned_labels=["AI_GEN", "VEO"])

    prediction = make_prediction(make_video(), model)

    assert [suggestion.label for suggestion in prediction.suggestions()] == [Label.AI_GEN, Label.VEO]


def test_suggestions_are_in_the_order_of_the_labels() -> None:
    probabilities = {"SORA": 0.7, "AI_GEN": 0.9, "A_LABEL_OF_TOMORROW": 0.5}
    prediction = make_prediction(
        make_video(), make_model(), probabilities=probabilities, standard_errors={"AI_GEN": 0.02}
    )

    prediction.refresh_from_db()

    assert prediction.suggestions() == [(Label.AI_GEN, 0.9, 0.02), (Label.SORA, 0.7, 0.0)]


def test_served_predictions_are_one_a_video(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    video = make_video()
    make_prediction(video, make_model("old"), is_served=False)
    served = make_prediction(video, make_model("new"))

    with django_assert_num_queries(1):
        assert list(Prediction.objects.served()) == [served]


def test_scores_leave_with_their_prediction() -> None:
    scores = make_scores(make_prediction(make_video(), make_model()), b"\0\0", b"\0\0\0\0")

    scores.prediction.delete()

    assert not type(scores).objects.exists()
