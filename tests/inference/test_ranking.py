import pytest

from inference.ranking import rank, uncertainty
from labeling.models import SiteSettings, Slot, Video
from tests.factories import make_model, make_prediction, make_settlement, make_video

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("probability", "expected"), [(0.0, 0.0), (0.5, 1.0), (1.0, 0.0), (0.75, 0.5)])
def test_uncertainty_is_highest_at_one_half(probability: float, expected: float) -> None:
    assert uncertainty(probability) == pytest.approx(expected)


def test_rank_puts_an_uncertain_video_first() -> None:
    video = make_video()
    prediction = make_prediction(video, make_model(), ai_gen=0.5)

    rank(video, prediction)

    assert Slot.objects.get(video=video).priority == 2.0
    assert Video.objects.get().picked_by == "uncertain"


def test_rank_leaves_a_test_video_where_chance_put_it() -> None:
    video = make_video(split="test", priority=0.25)
    prediction = make_prediction(video, make_model(), ai_gen=0.5)

    rank(video, prediction)

    assert Slot.objects.get(video=video).priority == 0.25
    assert Video.objects.get().picked_by == "random"


def test_rank_leaves_a_settled_video_alone() -> None:
    video = make_video(priority=0.25)
    make_settlement(video)
    prediction = make_prediction(video, make_model(), ai_gen=0.5)

    rank(video, prediction)

    assert Video.objects.get().priority == 0.25


def test_rank_does_nothing_when_the_policy_is_random() -> None:
    SiteSettings.objects.create(ranking="random")
    video = make_video(priority=0.25)
    prediction = make_prediction(video, make_model(), ai_gen=0.5)

    rank(video, prediction)

    assert Video.objects.get().priority == 0.25
