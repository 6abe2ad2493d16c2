"""What a model was measured at is read by the pages that show it, and by no other."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inference.models import VideoScores
from tests.factories import (
    make_batch,
    make_model,
    make_prediction,
    make_run,
    make_scores,
    make_user,
    make_video,
)

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

METRICS = '"inference_modelversion"."metrics"'


@pytest.fixture
def video_pk(client: Client) -> int:
    """A labeler is logged in; a video has a prediction by a model that was measured."""
    client.force_login(make_user("ana", role="labeler"))
    video, model = make_video(), make_model("tiny-1", is_current=True)
    make_scores(make_prediction(video, model), b"\0\0", b"\0\0\0\0")
    VideoScores.objects.create(model=model, batch="v5.0", scores={"1/0": [0.9, True, "g"]})
    return int(video.pk)


def asked_for(client: Client, url: str) -> str:
    """Give the SQL of a page that is there."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return "\n".join(query["sql"] for query in queries)


@pytest.mark.parametrize("url", ["/label/", "/videos/", "/videos/{}/", "/posts/", "/collect/"])
def test_pages_of_videos_read_no_metrics(client: Client, video_pk: int, url: str) -> None:
    sql = asked_for(client, url.format(video_pk))

    assert METRICS not in sql


@pytest.mark.parametrize("url", ["/models/", "/models/tiny-1/", "/batches/"])
def test_pages_of_models_read_no_scores_of_single_videos(client: Client, video_pk: int, url: str) -> None:
    make_batch("v5.0")

    sql = asked_for(client, url)

    assert "videoscores" not in sql


def test_page_of_a_batch_reads_of_its_runs_the_curves_alone(client: Client, video_pk: int) -> None:
    make_run(make_batch("v5.0"), metrics={"evaluation": {}, "curve": {"stretch": 1, "points": [[1, 0.7]]}})

    sql = asked_for(client, "/batches/v5.0/")

    assert '"training_trainingrun"."metrics", "' not in sql
    assert METRICS not in sql
