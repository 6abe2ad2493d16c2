"""The pages of models, with the real client."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from inference.models import ModelVersion, PredictJob
from tests.factories import make_batch, make_model, make_user, make_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user("root", role="admin"))
    return client


@pytest.fixture
def labeler(client: Client) -> Client:
    client.force_login(make_user("ana", role="labeler"))
    return client


def test_model_list_asks_strangers_to_log_in(client: Client) -> None:
    assert client.get("/models/").status_code == 302


def test_empty_model_list_says_what_it_is_for(labeler: Client) -> None:
    assert "No model has been trained yet" in labeler.get("/models/").text


def test_model_list_shows_each_score_beside_the_baseline(labeler: Client) -> None:
    make_model("v5.1", metrics={"auc": 0.91, "auc_interval": [0.86, 0.95], "baseline_auc": 0.66})

    page = labeler.get("/models/")

    assert "<b>0.91</b>" in page.text
    assert "0.86–0.95" in page.text
    assert "<b>0.66</b>" in page.text


def test_model_list_says_which_model_suggests(labeler: Client) -> None:
    make_model("old")
    make_model("new", is_current=True)

    page = labeler.get("/models/")

    assert page.text.count("Suggests") == 1
    assert [model.slug for model, _ in page.context["rows"]] == ["new", "old"]


def test_model_list_costs_the_same_queries_with_many_models(
    labeler: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(3):
        make_model(f"tiny-{number}")

    with django_assert_num_queries(5):  # session, user, rights (2), models
        labeler.get("/models/")


def test_model_detail_shows_a_model_of_which_nothing_is_measured(labeler: Client) -> None:
    make_model("v5.1", metrics={})

    page = labeler.get("/models/v5.1/")

    assert "It was not measured yet." in page.text
    assert "Promote" not in page.text


def test_model_detail_leads_to_the_batch_it_learned_from(labeler: Client) -> None:
    batch = make_batch("v5.0")
    make_model("v5.1", batch_digest=batch.digest, metrics={"batch": "v5.0"})

    page = labeler.get("/models/v5.1/")

    assert f'<a href="/batches/by-digest/{batch.digest}/">v5.0</a>' in page.text


def test_model_detail_shows_versions_side_by_side_on_one_test_split(labeler: Client) -> None:
    pair = {"auc_difference": 0.25, "auc_difference_interval": [0.1, 0.4], "mcnemar_p": 0.031}
    test = {"num_videos": 40, "labels": {"AI_GEN": {"auc": 0.9}}}
    make_model("v5.0")
    make_model("v5.1", metrics={"evaluations": {"v5.1": {"test": test, "paired": {"v5.0": pair}}}})

    page = labeler.get("/models/v5.1/").text

    assert "On the frozen test split of v5.1" in page
    assert '<a href="/models/v5.0/">v5.0</a>' in page
    assert "this one is better" in page


def test_model_that_does_not_beat_metadata_is_called_so(labeler: Client) -> None:
    make_model("v5.1", metrics={"auc": 0.7, "auc_interval": [0.6, 0.8], "baseline_auc": 0.65})

    assert "this model may know the files, not the pictures" in labeler.get("/models/v5.1/").text


def test_model_detail_says_how_many_videos_a_promotion_judges(admin: Client) -> None:
    model = make_model("v5.1")
    make_video()
    PredictJob.objects.create(video=make_video(), model=model)

    page = admin.get("/models/v5.1/")

    assert "after judging 1 video." in page.text
    assert "Promote v5.1" in page.text


def test_promotion_lets_the_model_suggest_and_says_what_follows(admin: Client) -> None:
    make_model("v5.0", is_current=True)
    make_model("v5.1")
    make_video()

    page = admin.post("/models/v5.1/promote/", follow=True)

    assert ModelVersion.objects.suggesting().get().slug == "v5.1"
    assert "v5.1 suggests from now on. It judges 1 video first." in page.text


def test_untrained_model_cannot_be_promoted(admin: Client) -> None:
    make_model("blank", is_trained=False)

    page = admin.post("/models/blank/promote/", follow=True)

    assert "Model blank is untrained" in page.text
    assert not ModelVersion.objects.suggesting().exists()


def test_promotion_needs_the_right_to_promote(labeler: Client) -> None:
    make_model("v5.1")

    assert labeler.post("/models/v5.1/promote/").status_code == 403
    assert not ModelVersion.objects.suggesting().exists()


def test_promotion_is_no_link(admin: Client) -> None:
    make_model("v5.1")

    assert admin.get("/models/v5.1/promote/").status_code == 405
