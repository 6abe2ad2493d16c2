import json
from dataclasses import replace

import pytest

from cakelens.config import PRESETS as MODELS
from training.config import PRESETS, ConfigError, TrainConfig, preset


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_trains_the_model_of_its_name(name: str) -> None:
    assert preset(name).model is MODELS[name]


def test_preset_takes_changes_and_keeps_the_rest() -> None:
    config = preset("tiny", steps=7, seed=None)

    assert config == TrainConfig.from_dict(PRESETS["tiny"].to_dict() | {"steps": 7})


def test_config_survives_json() -> None:
    config = preset("v5", steps=3, crop="center")

    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"preset": "v9"}, "preset must be one of v5, v6, tiny, got 'v9'"),
        ({"crop": "left"}, "crop must be one of random, center, top-left, got 'left'"),
        ({"balance": "all"}, "balance must be one of none, label, generator, got 'all'"),
        ({"minibatch_size": 0}, "minibatch_size must be >= 1, got 0"),
        ({"steps": 0}, "steps must be >= 1, got 0"),
        ({"num_workers": -1}, "num_workers must be >= 0, got -1"),
        ({"learning_rate": 0.0}, "learning_rate must be > 0, got 0.0"),
        ({"accumulate": 0}, "accumulate must be >= 1, got 0"),
        ({"window": 9}, "window must be >= 15, got 9"),
        ({"ema_decay": 1.0}, "ema_decay must be >= 0 and < 1, got 1.0"),
        ({"compress": 1.5}, "compress must be >= 0 and <= 1, got 1.5"),
        ({"label_weights": "all"}, "label_weights must be one of none, balanced, got 'all'"),
        ({"hold_out": "AI_GEN"}, "hold_out must be one of KLING, HIGGSFIELD"),
        ({"warmup_share": 1.0}, "warmup_share must be >= 0 and < 1, got 1.0"),
        ({"momentum": 0.9}, "unknown training option 'momentum'; there are preset, window"),
    ],
)
def test_config_refuses(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TrainConfig.from_dict(values)


def test_unknown_preset_is_refused() -> None:
    with pytest.raises(ConfigError, match="preset must be one of tiny, v5, v6, got 'huge'"):
        preset("huge")


@pytest.mark.parametrize(
    ("values", "num_steps"),
    [
        ({"epochs": 3}, 9),  # 10 videos, 4 at a time: 3 steps an epoch
        ({"epochs": 3, "min_steps": 20}, 20),
        ({"epochs": 3, "min_steps": 20, "steps": 2}, 2),
    ],
)
def test_length_of_a_run(values: dict[str, int], num_steps: int) -> None:
    config = TrainConfig.from_dict({"minibatch_size": 4, **values})

    assert config.num_steps(10) == num_steps


def test_processes_and_accumulation_make_steps_larger() -> None:
    config = TrainConfig(epochs=3, minibatch_size=2, accumulate=2)

    assert (config.videos_per_step(2), config.num_steps(10, 2)) == (8, 6)


def test_window_can_be_another_than_the_models() -> None:
    assert preset("v6", window=128).model == replace(MODELS["v6"], window=128)


def test_only_what_changes_losses_is_a_difference() -> None:
    config = TrainConfig()
    other = TrainConfig(
        num_workers=3, device="cpu", keep_checkpoints=9, checkpoint_every=1, seed=1, flip=False
    )

    assert config.differences(other) == ["seed", "flip"]
