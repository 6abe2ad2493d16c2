"""How to train: every choice of a run, checked when it is made. Loads neither torch nor Django."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, Self, get_args

from cakelens.config import PRESETS as MODELS
from cakelens.config import ModelConfig
from cakelens.labels import GENERATORS

Crop = Literal["random", "center", "top-left"]
Balance = Literal["none", "label", "generator"]
LabelWeights = Literal["none", "balanced"]
Precision = Literal["fp32", "auto"]

# What may differ between a run and its continuation: none of these changes a loss.
_FREE = frozenset({"num_workers", "device", "checkpoint_every", "keep_checkpoints"})


class ConfigError(ValueError):
    """A choice that cannot be: its name, the rule, the value."""


def _one_of(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(f"{name} must be one of {', '.join(choices)}, got {value!r}")


def _at_least(name: str, value: float, least: int) -> None:
    if value < least:
        raise ConfigError(f"{name} must be >= {least}, got {value}")


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Everything that makes a run what it is; the same config on the same batch gives the same losses.

    The length is `epochs`, at least `min_steps`, or just `steps` where that is given. `validate_every` and
    `checkpoint_every` count steps; None means a tenth of the run. `learning_rate` is the peak, reached
    after `warmup_share` of the steps and then lowered along a cosine to zero. `device` None takes the best
    there is.

    `window` None is the model's own. A step takes `minibatch_size` × `accumulate` videos in each process,
    `minibatch_size` of them at once. `ema_decay` 0 keeps no running mean of the weights; otherwise that mean
    is judged and saved. `label_weights` "balanced" makes a label's rare positives count as much as its
    negatives. `resize` cuts at any scale and pads as chance says, `compress` is the share of samples encoded
    once more as JPEG. `recompute` keeps a block's input alone and computes the rest again, for memory.
    `hold_out` trains without one generator's videos and leaves them to the test.
    """

    preset: str = "tiny"
    window: int | None = None
    epochs: int = 10
    min_steps: int = 1
    steps: int | None = None
    minibatch_size: int = 16
    accumulate: int = 1
    learning_rate: float = 1e-3
    warmup_share: float = 0.1
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    ema_decay: float = 0.0
    label_weights: LabelWeights = "none"
    seed: int = 0
    crop: Crop = "random"
    flip: bool = True
    resize: bool = False
    compress: float = 0.0
    balance: Balance = "none"
    hold_out: str | None = None
    eval_framesets: int = 4
    validate_every: int | None = None
    checkpoint_every: int | None = None
    keep_checkpoints: int = 2
    num_workers: int = 0
    device: str | None = None
    precision: Precision = "auto"
    recompute: bool = False
    compile: bool = False

    def __post_init__(self) -> None:
        _one_of("preset", self.preset, tuple(MODELS))
        _one_of("crop", self.crop, get_args(Crop))
        _one_of("balance", self.balance, get_args(Balance))
        _one_of("label_weights", self.label_weights, get_args(LabelWeights))
        _one_of("precision", self.precision, get_args(Precision))
        if self.hold_out is not None:
            _one_of("hold_out", self.hold_out, GENERATORS)
        for name in ("epochs", "min_steps", "minibatch_size", "accumulate", "eval_framesets"):
            _at_least(name, getattr(self, name), 1)
        _at_least("keep_checkpoints", self.keep_checkpoints, 1)
        if self.window is not None:
            _at_least("window", self.window, 15)
        for name in ("steps", "validate_every", "checkpoint_every"):
            if getattr(self, name) is not None:
                _at_least(name, getattr(self, name), 1)
        for name in ("seed", "num_workers", "weight_decay"):
            _at_least(name, getattr(self, name), 0)
        for name in ("learning_rate", "max_grad_norm"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name} must be > 0, got {getattr(self, name)}")
        for name in ("warmup_share", "ema_decay"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"{name} must be >= 0 and < 1, got {getattr(self, name)}")
        if not 0 <= self.compress <= 1:
            raise ConfigError(f"compress must be >= 0 and <= 1, got {self.compress}")

    @property
    def model(self) -> ModelConfig:
        """What the model is that this preset trains, with the window that was asked for."""
        model = MODELS[self.preset]
        return model if self.window is None else replace(model, window=self.window)

    def videos_per_step(self, num_ranks: int = 1) -> int:
        return self.minibatch_size * self.accumulate * num_ranks

    def num_steps(self, num_videos: int, num_ranks: int = 1) -> int:
        steps_per_epoch = -(-num_videos // self.videos_per_step(num_ranks))
        return self.steps or max(self.epochs * steps_per_epoch, self.min_steps)

    def to_dict(self) -> dict[str, Any]:
        """Give plain values that JSON keeps, the inverse of `from_dict`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a config; what is left out has its default.

        Raises:
            ConfigError: An unknown name or a value out of range.
        """
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise ConfigError(f"unknown training option {unknown[0]!r}; there are {', '.join(known)}")
        return cls(**values)

    def differences(self, other: Self) -> list[str]:
        """Name the options that make a run with `other` give other losses than this one."""
        mine, theirs = self.to_dict(), other.to_dict()
        return [name for name in mine if name not in _FREE and mine[name] != theirs[name]]


# Measured on the demo's clips: of 0.0015, 0.003 and 0.006 the last learned soonest. In fp32: `tiny` subtracts
# frames that are nearly alike.
TINY = TrainConfig(
    preset="tiny", epochs=10, min_steps=60, minibatch_size=16, learning_rate=5e-3, precision="fp32"
)
# A start for one large GPU, not yet measured there: a 265M-parameter Linear wants a small rate and decay.
V5 = TrainConfig(
    preset="v5",
    epochs=30,
    minibatch_size=8,
    learning_rate=1e-4,
    weight_decay=0.05,
    ema_decay=0.999,
    label_weights="balanced",
    resize=True,
    compress=0.3,
    eval_framesets=8,
    validate_every=1000,
    checkpoint_every=500,
    num_workers=4,
)
# A hundredth of v5's operations: more videos a step, and a higher rate. On synthetic clips of a 128-pixel
# window 0.001 and 0.003 learned alike.
V6 = replace(V5, preset="v6", minibatch_size=32, learning_rate=1e-3)
PRESETS: dict[str, TrainConfig] = {"tiny": TINY, "v5": V5, "v6": V6}


def preset(name: str, **changes: Any) -> TrainConfig:
    """Give the sane defaults for a model, with `changes`; None leaves the default.

    Raises:
        ConfigError: No such preset, or a change that cannot be.
    """
    _one_of("preset", name, tuple(PRESETS))
    given = {option: value for option, value in changes.items() if value is not None}
    return TrainConfig.from_dict(PRESETS[name].to_dict() | given)
