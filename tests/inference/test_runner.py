from pathlib import Path

import numpy as np
import pytest
from pytest_django import Settings

from inference import runner
from inference.models import ModelVersion, Prediction, PredictJob
from inference.tasks import predict_video
from labeling import storage
from labeling.models import Video
from tests.factories import make_model, make_prediction, make_video
from tests.s3 import bucket, use

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_predict_keeps_the_scores_of_the_framesets_it_saw(clip_video: Video, tiny: ModelVersion) -> None:
    prediction = runner.predict(clip_video, tiny)

    scores_FL = np.frombuffer(prediction.scores.scores_float16, np.float16).reshape(-1, 17)
    starts = np.frombuffer(prediction.scores.starts_float32, np.float32)
    assert prediction.num_framesets == len(scores_FL) == len(starts) == 4
    assert prediction.ai_gen == pytest.approx(float(scores_FL[:, 0].mean()), abs=1e-3)


def test_predict_twice_keeps_one_row(clip_video: Video, tiny: ModelVersion) -> None:
    runner.predict(clip_video, tiny)
    runner.predict(clip_video, tiny)

    assert Prediction.objects.count() == 1


def test_predict_by_the_current_model_takes_over_what_is_served(
    clip_video: Video, tiny: ModelVersion
) -> None:
    old = make_prediction(clip_video, make_model("old"))

    new = runner.predict(clip_video, tiny)

    old.refresh_from_db()
    assert (old.is_served, new.is_served) == (False, True)


def test_predict_by_another_model_leaves_what_is_served(clip_video: Video, tiny: ModelVersion) -> None:
    served = runner.predict(clip_video, tiny)
    tried = make_model("tried", weights_name=tiny.weights_name, weights_sha256=tiny.weights_sha256)

    runner.predict(clip_video, tried)

    assert Prediction.objects.served().get() == served


def test_predict_keeps_no_copy_of_what_a_bucket_holds(
    request: pytest.FixtureRequest, settings: Settings, tmp_path: Path
) -> None:
    with bucket(tmp_path / "s3") as options:
        use(options, settings, tmp_path / "var")
        video, model = request.getfixturevalue("clip_video"), request.getfixturevalue("tiny")

        runner.predict(video, model)

    kept = [path.name for path in (tmp_path / "var").rglob("*") if path.is_file()]
    assert kept == [Path(model.weights_name).name]


def test_predict_says_when_the_file_is_gone(tiny: ModelVersion) -> None:
    video = make_video()

    with pytest.raises(runner.PredictionFailed, match="gone from the storage"):
        runner.predict(video, tiny)


def test_predict_says_when_the_file_does_not_decode(clip_video: Video, tiny: ModelVersion) -> None:
    variant = clip_video.best_variant()
    assert variant is not None
    path = storage.local_path(variant.name)
    assert path is not None
    path.write_bytes(b"no video")

    with pytest.raises(runner.PredictionFailed, match=path.name):
        runner.predict(clip_video, tiny)


def test_predict_video_delivered_twice_judges_once(clip_video: Video, tiny: ModelVersion) -> None:
    job = PredictJob.objects.create(video=clip_video, model=tiny)

    predict_video(job.pk)
    first = Prediction.objects.get().created_at
    predict_video(job.pk)

    job.refresh_from_db()
    assert (job.state, job.attempts, job.progress) == ("done", 1, 1.0)
    assert Prediction.objects.get().created_at == first


def test_predict_video_records_why_it_failed(tiny: ModelVersion) -> None:
    job = PredictJob.objects.create(video=make_video(), model=tiny)

    predict_video(job.pk)

    job.refresh_from_db()
    assert (job.state, job.failure_kind) == ("failed", "prediction_failed")
