"""How to train: every choice of a run, checked when it is made. Loads neither torch nor Django."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, get_args

from cakelens.config import PRESETS as MODELS
from cakelens.config import ModelConfig

Crop = Literal["random", "center", "top-left"]
Balance = Literal["none", "label", "generator"]
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
    """

    preset: str = "tiny"
    epochs: int = 10
    min_steps: int = 1
    steps: int | None = None
    minibatch_size: int = 16
    learning_rate: float = 1e-3
    warmup_share: float = 0.1
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    seed: int = 0
    crop: Crop = "random"
    flip: bool = True
    balance: Balance = "none"
    eval_framesets: int = 4
    validate_every: int | None = None
    checkpoint_every: int | None = None
    keep_checkpoints: int = 2
    num_workers: int = 0
    device: str | None = None
    precision: Precision = "auto"

    def __post_init__(self) -> None:
        _one_of("preset", self.preset, tuple(MODELS))
        _one_of("crop", self.crop, get_args(Crop))
        _one_of("balance", self.balance, get_args(Balance))
        _one_of("precision", self.precision, get_args(Precision))
        for name in ("epochs", "min_steps", "minibatch_size", "eval_framesets", "keep_checkpoints"):
            _at_least(name, getattr(self, name), 1)
        for name in ("steps", "validate_every", "checkpoint_every"):
            if getattr(self, name) is not None:
                _at_least(name, getattr(self, name), 1)
        for name in ("seed", "num_workers", "weight_decay"):
            _at_least(name, getattr(self, name), 0)
        for name in ("learning_rate", "max_grad_norm"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name} must be > 0, got {getattr(self, name)}")
        if not 0 <= self.warmup_share < 1:
            raise ConfigError(f"warmup_share must be >= 0 and < 1, got {self.warmup_share}")

    @property
    def model(self) -> ModelConfig:
        """What the model is that this preset trains."""
        return MODELS[self.preset]

    def steps_per_epoch(self, num_videos: int) -> int:
        return -(-num_videos // self.minibatch_size)

    def num_steps(self, num_videos: int) -> int:
        return self.steps or max(self.epochs * self.steps_per_epoch(num_videos), self.min_steps)

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


# Measured on the demo's clips: of 0.0015, 0.003 and 0.006 the last learned soonest.
TINY = TrainConfig(preset="tiny", epochs=10, min_steps=60, minibatch_size=16, learning_rate=5e-3)
# A start for one large GPU, not yet measured there: a 265M-parameter Linear wants a small rate and decay.
V5 = TrainConfig(
    preset="v5",
    epochs=30,
    minibatch_size=8,
    learning_rate=1e-4,
    weight_decay=0.05,
    eval_framesets=8,
    validate_every=1000,
    checkpoint_every=500,
    num_workers=4,
)
PRESETS: dict[str, TrainConfig] = {"tiny": TINY, "v5": V5}


def preset(name: str, **changes: Any) -> TrainConfig:
    """Give the sane defaults for a model, with `changes`; None leaves the default.

    Raises:
        ConfigError: No such preset, or a change that cannot be.
    """
    _one_of("preset", name, tuple(PRESETS))
    given = {option: value for option, value in changes.items() if value is not None}
    return TrainConfig.from_dict(PRESETS[name].to_dict() | given)
