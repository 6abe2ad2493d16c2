from argparse import ArgumentParser
from dataclasses import fields

import pytest

from training.config import PRESETS, ConfigError, TrainConfig
from training.learning.options import add_options, config_of


def parsed(*arguments: str) -> TrainConfig:
    parser = ArgumentParser()
    add_options(parser)
    return config_of(vars(parser.parse_args(arguments)))


@pytest.mark.parametrize("name", PRESETS)
def test_plain_command_is_the_preset(name: str) -> None:
    assert parsed("--preset", name) == PRESETS[name]


def test_what_is_given_changes_the_preset() -> None:
    config = parsed(
        "--preset", "v6", "--accumulate", "4", "--crop", "center", "--no-flip", "--hold-out", "KLING"
    )

    assert (config.accumulate, config.crop, config.flip, config.hold_out) == (4, "center", False, "KLING")
    assert config.learning_rate == PRESETS["v6"].learning_rate


def test_every_choice_of_a_run_has_an_option() -> None:
    parser = ArgumentParser()
    add_options(parser)
    known = {action.dest for action in parser._actions}

    without = {field.name for field in fields(TrainConfig)} - known
    assert without == {"min_steps", "warmup_share"}  # a preset's own


def test_choice_out_of_range_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"compress must be >= 0 and <= 1, got 2\.0"):
        parsed("--compress", "2")
