"""A real model with real weights, small enough for tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from inference import registry
from inference.models import ModelVersion
from labeling.collecting.importer import ClipFacts, import_file
from labeling.models import Video


@pytest.fixture
def clip_video(db: None, clip: Callable[..., Path]) -> Video:
    """A ready video with a file behind it: 30 frames, so four framesets."""
    return import_file(clip(num_frames=30), ClipFacts()).video


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    from cakelens.config import PRESETS
    from cakelens.model import Model
    from cakelens.weights import save_weights

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_weights(Model(PRESETS["tiny"]), path)
    return path


@pytest.fixture
def tiny(db: None, weights: Path) -> ModelVersion:
    """A trained, current model version with weights in the storage."""
    from inference import runner

    runner._detector.cache_clear()
    model = registry.register("tiny-1", weights, runner.describe(weights), registry.Origin())
    model.promote()
    return model
