import json

import pytest
from django.core.management import CommandError, call_command

from inference.models import ModelVersion, PredictJob
from labeling.models import Video
from tests.factories import make_model, make_video

pytestmark = pytest.mark.django_db


def test_predict_without_a_current_model_says_what_to_do() -> None:
    with pytest.raises(CommandError, match="No model is promoted yet"):
        call_command("predict", pending=True)


def test_predict_of_nothing_says_what_to_name() -> None:
    with pytest.raises(CommandError, match="--pending"):
        call_command("predict")


def test_predict_of_an_unknown_video_names_it() -> None:
    make_model(is_current=True)

    with pytest.raises(CommandError, match="no video nowhere/0"):
        call_command("predict", "nowhere/0")


@pytest.mark.slow
def test_predict_pending_judges_all_and_prints_json(
    clip_video: Video, tiny: ModelVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("predict", pending=True, json=True)

    printed = json.loads(capsys.readouterr().out)
    assert (printed["video"], printed["model"]) == (clip_video.key, "tiny-1")
    assert PredictJob.objects.get().state == "done"


@pytest.mark.slow
def test_predict_of_a_named_video_judges_it_again(clip_video: Video, tiny: ModelVersion) -> None:
    call_command("predict", pending=True)

    call_command("predict", clip_video.key)

    assert PredictJob.objects.get().attempts == 1


@pytest.mark.slow
def test_predict_with_a_failure_exits_non_zero(tiny: ModelVersion) -> None:
    make_video()

    with pytest.raises(CommandError, match="1 videos failed"):
        call_command("predict", pending=True)
