"""What a model is, without its weights: architecture, window, crop, widths. Loads no torch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, get_args

Architecture = Literal["spacetime", "motion", "strided"]
Crop = Literal["top-left", "center"]

# Source: `constants.py` of the published package, per R, G, B of frames scaled to 0..1.
V5_MEAN = (0.4016435146331787, 0.380405455827713, 0.3688599765300751)
V5_STD = (0.28864356875419617, 0.2775335907936096, 0.27996501326560974)


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Everything needed to build a model and to feed it as it was trained.

    `spacetime` is the published v5. `motion` compares each frame with earlier ones of the same
    frameset, `lags` frames back, and needs a hundredth of the data and the time. `strided` is v6: it sees
    the same comparisons, halves the picture with each block and pools what is left.
    """

    architecture: Architecture = "spacetime"
    window: int = 512
    crop: Crop = "top-left"
    initial_channels: int = 64
    num_blocks: int = 6
    channels_step: int = 32
    hidden: tuple[int, int, int] = (512, 256, 128)
    lags: tuple[int, ...] = ()
    mean: tuple[float, float, float] = V5_MEAN
    std: tuple[float, float, float] = V5_STD

    def __post_init__(self) -> None:
        _check_choice("architecture", self.architecture, get_args(Architecture))
        _check_choice("crop", self.crop, get_args(Crop))
        for name in ("window", "initial_channels", "num_blocks", "channels_step"):
            _check_positive(name, getattr(self, name))
        if self.window < 15:  # the pool needs five positions after a stride of three
            raise ValueError(f"window must be >= 15, got {self.window}")
        if any(not 0 < lag < 9 for lag in self.lags):
            raise ValueError(f"lags must be between 1 and 8, got {self.lags}")

    def to_dict(self) -> dict[str, Any]:
        """Give plain values that JSON keeps, the inverse of `from_dict`."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a config from `to_dict`.

        Raises:
            ValueError: An unknown key or a value out of range.
        """
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise ValueError(f"unknown model config key {unknown[0]!r}; update cakelens")
        plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**plain)


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")


def _check_positive(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{name} must be >= 1, got {value}")


V5 = ModelConfig()
TINY = ModelConfig(
    architecture="motion",
    window=96,
    crop="center",
    initial_channels=8,
    num_blocks=1,
    channels_step=8,
    hidden=(64, 32, 32),
    lags=(1, 2, 4),
)
V6 = ModelConfig(
    architecture="strided",
    crop="center",
    initial_channels=32,
    num_blocks=3,
    channels_step=64,
    hidden=(256, 128, 64),
    lags=(1, 2, 4),
)
PRESETS: dict[str, ModelConfig] = {"v5": V5, "v6": V6, "tiny": TINY}
