"""One optimizer step, and what to report of it.

Shapes: N framesets of a minibatch, L = 17 labels.
"""

import math
from dataclasses import dataclass, field
from time import monotonic

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW, Optimizer

from training.config import TrainConfig
from training.dataset import Minibatch, Unreadable


class NonFiniteGradient(RuntimeError):
    """The gradient of a step is not a number; the weights are those of before."""


@dataclass(frozen=True, slots=True)
class StepResult:
    loss: float
    grad_norm: float


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast it goes. `data_wait_share` is the part of a step's time in which no minibatch was ready."""

    samples_per_second: float
    data_wait_share: float
    eta_seconds: float


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step of training. `loss` is None where no video of the minibatch could be read."""

    step: int
    total: int
    epoch: int
    loss: float | None
    learning_rate: float
    pace: Pace
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def eta_seconds(self) -> float:
        return self.pace.eta_seconds


def masked_loss(logits_NL: Tensor, targets_NL: Tensor, mask_NL: Tensor) -> Tensor:
    """Give the mean cross-entropy over the labels that were judged; zero if none was."""
    losses_NL = F.binary_cross_entropy_with_logits(logits_NL.float(), targets_NL, reduction="none")
    return (losses_NL * mask_NL).sum() / mask_NL.sum().clamp(min=1)


def train_step(
    model: nn.Module,
    minibatch: Minibatch,
    optimizer: Optimizer,
    *,
    max_grad_norm: float,
    use_bf16: bool = False,
) -> StepResult:
    """Do one optimizer step and clear the gradients.

    Raises:
        NonFiniteGradient: The weights are unchanged.
    """
    with torch.autocast(minibatch.frames_NCTHW.device.type, torch.bfloat16, enabled=use_bf16):
        logits_NL = model(minibatch.frames_NCTHW)
    loss = masked_loss(logits_NL, minibatch.targets_NL, minibatch.mask_NL)
    loss.backward()
    try:
        grad_norm = clip_grad_norm_(model.parameters(), max_grad_norm, error_if_nonfinite=True)
    except RuntimeError as exc:
        optimizer.zero_grad()
        raise NonFiniteGradient(f"the gradient is not finite at a loss of {loss.item():.4g}") from exc
    optimizer.step()
    optimizer.zero_grad()
    return StepResult(loss.item(), grad_norm.item())


def make_optimizer(model: nn.Module, config: TrainConfig) -> AdamW:
    """Decay the weights of convolutions and Linears, not biases and norms."""
    decayed = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in model.parameters() if parameter.ndim <= 1]
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=config.learning_rate, fused=True)


def set_rate(optimizer: Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


def rate_share(step: int, num_steps: int, warmup_share: float) -> float:
    """Give the learning rate of `step`, from 0, as a share of its peak: a line up, then half a cosine down.

    A function of the step alone: there is no scheduler whose state could be lost.
    """
    warmup = max(round(num_steps * warmup_share), 1)
    if step < warmup:
        return (step + 1) / warmup
    done = (step - warmup) / max(num_steps - warmup, 1)
    return 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


@dataclass(slots=True)
class Stopwatch:
    """Tell waiting from computing, and how long `num_steps` will take in all."""

    num_steps: int
    _num_done: int = 0
    _begun: float = field(default_factory=monotonic)
    _step_begun: float = field(default_factory=monotonic)
    _ready: float = 0.0

    @property
    def seconds(self) -> float:
        return monotonic() - self._begun

    def data_ready(self) -> None:
        self._ready = monotonic()

    def step_done(self, num_samples: int) -> "Pace":
        self._num_done += 1
        seconds = max(monotonic() - self._step_begun, 1e-9)
        left = self.num_steps - self._num_done
        return Pace(
            samples_per_second=num_samples / seconds,
            data_wait_share=(self._ready - self._step_begun) / seconds,
            eta_seconds=self.seconds / self._num_done * left,
        )

    def next_step(self) -> None:
        """Begin the next step; what came since the last was neither waiting nor computing."""
        self._step_begun = monotonic()
