"""One optimizer step, and what to report of it.

Shapes: N framesets of a minibatch, L = 17 labels.
"""

import math
import resource
from contextlib import nullcontext
from dataclasses import dataclass, field
from time import monotonic

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW, Optimizer

from training.config import TrainConfig
from training.dataset import Minibatch, Unreadable
from training.learning.world import ALONE, World, lost_ranks_told


class NonFiniteGradient(RuntimeError):
    """The gradient of a step is not a number; the weights are those of before."""


@dataclass(frozen=True, slots=True)
class StepResult:
    loss: float
    grad_norm: float


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast it goes. `data_wait_share` is the part of a step's time in which no minibatch was ready.

    `memory_bytes` is the most the run has taken so far: of the GPU's memory, or of this process's.
    """

    samples_per_second: float
    data_wait_share: float
    eta_seconds: float
    memory_bytes: int = 0


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


@dataclass(frozen=True, slots=True)
class StepOptions:
    """How a step is done. `minibatch_size` samples go through the model at once, None: all of them."""

    max_grad_norm: float
    minibatch_size: int | None = None
    use_bf16: bool = False
    positive_weights_L: Tensor | None = None
    world: World = ALONE


def masked_loss_sum(
    logits_NL: Tensor, targets_NL: Tensor, mask_NL: Tensor, positive_weights_L: Tensor | None = None
) -> Tensor:
    """Add up the cross-entropy over the labels that were judged."""
    losses_NL = F.binary_cross_entropy_with_logits(
        logits_NL.float(), targets_NL, reduction="none", pos_weight=positive_weights_L
    )
    return (losses_NL * mask_NL).sum()


def train_step(
    net: nn.Module, minibatch: Minibatch, optimizer: Optimizer, options: StepOptions
) -> StepResult | None:
    """Do one optimizer step and clear the gradients; None, and nothing done, if no label was judged.

    The loss is the mean over the judged labels of all processes: how the samples are dealt to processes and
    to parts of a step changes nothing.

    Raises:
        NonFiniteGradient: The weights are unchanged, in every process.
        RankLost: Another process is gone; so are the gradients of this step.
    """
    num_judged = options.world.total(minibatch.mask_NL.sum())
    if not num_judged:
        return None
    with lost_ranks_told(options.world):
        loss_sum = _backward(net, minibatch, num_judged, options)
    loss = (options.world.total(loss_sum) / num_judged).item()
    try:
        grad_norm = clip_grad_norm_(net.parameters(), options.max_grad_norm, error_if_nonfinite=True)
    except RuntimeError as exc:
        optimizer.zero_grad()
        raise NonFiniteGradient(f"the gradient is not finite at a loss of {loss:.4g}") from exc
    optimizer.step()
    optimizer.zero_grad()
    return StepResult(loss, grad_norm.item())


def _backward(net: nn.Module, minibatch: Minibatch, num_judged: Tensor, options: StepOptions) -> Tensor:
    """Add the gradients of the whole minibatch, part by part; give the sum of its losses."""
    parts = _parts(minibatch, options.minibatch_size)
    loss_sum = torch.zeros((), device=num_judged.device)
    for number, part in enumerate(parts, 1):
        # Processes exchange gradients once a step: with the last part.
        is_apart = isinstance(net, DistributedDataParallel) and number < len(parts)
        with net.no_sync() if is_apart else nullcontext():  # type: ignore[operator]  # a DDP's method
            with torch.autocast(part.frames_NCTHW.device.type, torch.bfloat16, enabled=options.use_bf16):
                logits_NL = net(part.frames_NCTHW)
            part_sum = masked_loss_sum(logits_NL, part.targets_NL, part.mask_NL, options.positive_weights_L)
            # DDP takes the mean over processes; what is wanted is the sum.
            (part_sum * options.world.size / num_judged).backward()
        loss_sum += part_sum.detach()
    return loss_sum


def _parts(minibatch: Minibatch, size: int | None) -> list[Minibatch]:
    frames_NCTHW, targets_NL, mask_NL, _ = minibatch
    size = size or len(frames_NCTHW)
    split = zip(frames_NCTHW.split(size), targets_NL.split(size), mask_NL.split(size), strict=True)
    return [Minibatch(frames, targets, mask, []) for frames, targets, mask in split]


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
            memory_bytes=peak_memory_bytes(),
        )

    def next_step(self) -> None:
        """Begin the next step; what came since the last was neither waiting nor computing."""
        self._step_begun = monotonic()


def peak_memory_bytes() -> int:
    """Give the most memory taken so far: CUDA's where it is used, else this process's."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
