"""A model while it learns: what changes with each step, and what a checkpoint must hold of it."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint

from cakelens import weights
from cakelens.backends import best_dtype
from cakelens.framesets import FRAMES
from cakelens.labels import V5_LABELS
from cakelens.model import Model
from training.checkpoints import Stateful
from training.config import TrainConfig
from training.dataset import Minibatch
from training.learning.averaging import averaged
from training.learning.world import ALONE, World
from training.loop import StepOptions, StepResult, make_optimizer, rate_share, set_rate, train_step


class Learner:
    """Model, optimizer and running mean of a run, made from the config's seed or from `init`.

    `positive_weights` holds one number for each label in order.

    Raises:
        WeightsError: `init` does not fit the config's model.
    """

    def __init__(
        self,
        config: TrainConfig,
        num_steps: int,
        device: str,
        init: Path | None = None,
        *,
        positive_weights: Sequence[float] | None = None,
        world: World = ALONE,
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.num_steps, self.device, self.world = config, num_steps, device, world
        self.model = Model(config.model)
        if init is not None:
            weights.load_into(self.model, init)
        self.model.to(device).train()
        self.mean = averaged(self.model, config.ema_decay) if config.ema_decay else None
        self.optimizer = make_optimizer(self.model, config)
        self.net = _net(self.model, config, device, world)
        self.options = StepOptions(
            max_grad_norm=config.max_grad_norm,
            minibatch_size=config.minibatch_size,
            use_bf16=config.precision == "auto" and best_dtype(device) == torch.bfloat16,
            positive_weights_L=torch.tensor(positive_weights, device=device) if positive_weights else None,
            world=world,
        )
        torch.manual_seed(config.seed + world.rank)

    @property
    def parts(self) -> dict[str, Stateful]:
        """What a checkpoint holds."""
        parts = {"model": self.model, "optimizer": self.optimizer}
        return cast(dict[str, Stateful], parts | ({"mean": self.mean} if self.mean else {}))

    @property
    def judged(self) -> Model:
        """The model that is measured and saved: of the mean weights where they are kept."""
        return cast(Model, self.mean.module) if self.mean else self.model

    def rate(self, step: int) -> float:
        """Give the learning rate of `step`, counted from 1."""
        return self.config.learning_rate * rate_share(step - 1, self.num_steps, self.config.warmup_share)

    def learn(self, step: int, minibatch: Minibatch) -> StepResult | None:
        """Do `step`, counted from 1; None, and nothing done, if no process has a video.

        Raises:
            NonFiniteGradient: The weights are unchanged.
            RankLost: Another process is gone.
        """
        if not len(minibatch.frames_NCTHW):
            minibatch = self._stand_in(minibatch)
        self.model.train()
        set_rate(self.optimizer, self.rate(step))
        result = train_step(self.net, self._moved(minibatch), self.optimizer, self.options)
        if result is not None and self.mean is not None:
            self.mean.update_parameters(self.model)
        return result

    def _stand_in(self, minibatch: Minibatch) -> Minibatch:
        """Give a sample that counts for nothing: a process without a video takes part in the exchange."""
        window = self.config.model.window
        frames_NCTHW = torch.zeros(1, 3, FRAMES, window, window, dtype=torch.uint8)
        nothing_NL = torch.zeros(1, len(V5_LABELS))
        return Minibatch(frames_NCTHW, nothing_NL, nothing_NL, minibatch.unreadable)

    def _moved(self, minibatch: Minibatch) -> Minibatch:
        frames_NCTHW, targets_NL, mask_NL, unreadable = minibatch
        return Minibatch(
            frames_NCTHW.to(self.device, non_blocking=True),
            targets_NL.to(self.device, non_blocking=True),
            mask_NL.to(self.device, non_blocking=True),
            unreadable,
        )


def _net(model: Model, config: TrainConfig, device: str, world: World) -> nn.Module:
    """Wrap `model` in what the config asks for; its weights stay its own."""
    if config.recompute:
        for block in model.blocks:
            block.forward = partial(checkpoint, block.forward, use_reentrant=False)
    net = cast(nn.Module, torch.compile(model)) if config.compile else model
    if world.size == 1:
        return net
    return DistributedDataParallel(
        net,
        device_ids=[torch.cuda.current_device()] if device.startswith("cuda") else None,
        gradient_as_bucket_view=True,
        # With several parts a step, gradients come from more than one backward: not the same each time.
        static_graph=config.accumulate == 1,
    )
