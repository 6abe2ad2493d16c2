from pathlib import Path

import pytest

from inference import registry
from inference.models import ModelVersion, PredictJob
from tests.factories import make_model, make_video

pytestmark = pytest.mark.django_db

DESCRIBED = registry.Description("motion", {"window": 96}, ["AI_GEN"])


def test_register_stores_the_weights_by_their_hash(tmp_path: Path) -> None:
    weights = tmp_path / "w.safetensors"
    weights.write_bytes(b"weights")

    model = registry.register("v5.1", weights, DESCRIBED, registry.Origin(batch_digest="d"))

    assert model.weights_sha256 in model.weights_name
    assert model.batch_digest == "d"
    assert not model.is_current


def test_register_refuses_a_slug_that_is_taken(tmp_path: Path) -> None:
    make_model("v5.1")

    with pytest.raises(registry.RegistryError, match=r"There is a model v5\.1 already"):
        registry.register("v5.1", tmp_path / "w", DESCRIBED, registry.Origin())


def test_promote_queues_every_ready_video_once() -> None:
    make_model("v5.1")
    video = make_video()
    make_video(is_ready=False)

    first = registry.promote("v5.1")
    second = registry.promote("v5.1")

    assert (first, second) == (1, 0)
    assert PredictJob.objects.get().video == video


def test_promote_takes_the_place_of_the_model_before() -> None:
    before = make_model("v5.0", is_current=True)
    make_model("v5.1")

    registry.promote("v5.1")

    before.refresh_from_db()
    assert not before.is_current
    assert ModelVersion.objects.suggesting().get().slug == "v5.1"


def test_promote_refuses_an_untrained_model() -> None:
    make_model("noise", is_trained=False)

    with pytest.raises(registry.RegistryError, match="untrained"):
        registry.promote("noise")


def test_promote_of_an_unknown_slug_names_those_there_are() -> None:
    make_model("v5.0")

    with pytest.raises(registry.RegistryError, match=r"no model v9.*Known models: v5\.0"):
        registry.promote("v9")


def test_queue_pending_without_a_current_model_queues_nothing() -> None:
    make_video()

    assert registry.queue_pending() == 0


def test_queue_pending_finds_what_became_ready_since() -> None:
    make_model("v5.1", is_current=True)
    registry.queue_pending()
    make_video()

    assert registry.queue_pending() == 1
