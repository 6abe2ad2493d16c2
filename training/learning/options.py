"""The options of a run on a command line, one for each choice of `TrainConfig` that a person makes."""

from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any, get_args

from cakelens.labels import GENERATORS
from training.config import PRESETS, Balance, Crop, LabelWeights, Precision, TrainConfig, preset

_NUMBERS: dict[str, tuple[type, str]] = {
    "window": (int, "Pixels of the window, if not the model's own."),
    "epochs": (int, "How often each video comes."),
    "steps": (int, "The length of the run instead of --epochs."),
    "minibatch_size": (int, "Videos at once, in each process."),
    "accumulate": (int, "Minibatches before each step of the optimizer."),
    "learning_rate": (float, "The peak of warmup and cosine."),
    "weight_decay": (float, "Of convolutions and Linears, not of biases and norms."),
    "max_grad_norm": (float, "Where the gradient is clipped."),
    "ema_decay": (float, "Judge and save a running mean of the weights; 0: the weights themselves."),
    "compress": (float, "Share of samples encoded once more as JPEG."),
    "seed": (int, "Of weights, order and augmentation."),
    "num_workers": (int, "Processes that decode; 0: a thread of this one."),
    "eval_framesets": (int, "Framesets judged of each video."),
    "validate_every": (int, "Steps."),
    "checkpoint_every": (int, "Steps."),
    "keep_checkpoints": (int, "How many of the last ones stay."),
}
_CHOICES: dict[str, tuple[tuple[str, ...], str]] = {
    "crop": (get_args(Crop), "Which part of a larger video is seen."),
    "balance": (get_args(Balance), "What gets an equal share of the places."),
    "label_weights": (get_args(LabelWeights), "Whether rare positives count more."),
    "precision": (get_args(Precision), "auto: bf16 where the device computes in it."),
    "hold_out": (tuple(str(label) for label in GENERATORS), "Train without this generator, and test on it."),
}
_SWITCHES: dict[str, str] = {
    "flip": "Mirror every other sample.",
    "resize": "Cut at any scale, and pad whatever the size of the video.",
    "recompute": "Compute activations twice, to fit a larger minibatch.",
    "compile": "Compile the model with torch.compile.",
}


def add_options(parser: ArgumentParser) -> None:
    """Add `--preset` and an option for each choice; what is not given keeps the preset's default."""
    parser.add_argument("--preset", default="v5", choices=sorted(PRESETS))
    parser.add_argument("--device", help="Such as cuda or cpu; the best there is.")
    for name, (kind, text) in _NUMBERS.items():
        parser.add_argument(_flag(name), type=kind, help=text)
    for name, (choices, text) in _CHOICES.items():
        parser.add_argument(_flag(name), choices=choices, help=text)
    for name, text in _SWITCHES.items():
        parser.add_argument(_flag(name), action=BooleanOptionalAction, default=None, help=text)


def config_of(options: dict[str, Any]) -> TrainConfig:
    """Return the preset with what was given.

    Raises:
        ConfigError: A value out of range.
    """
    names = ("device", *_NUMBERS, *_CHOICES, *_SWITCHES)
    return preset(options["preset"], **{name: options[name] for name in names})


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
