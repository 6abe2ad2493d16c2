"""A model while it learns: what changes with each step, and what a checkpoint must hold of it."""

from pathlib import Path
from typing import cast

import torch

from cakelens import weights
from cakelens.model import Model
from training.checkpoints import Stateful
from training.config import TrainConfig
from training.dataset import Minibatch
from training.loop import StepResult, make_optimizer, rate_share, set_rate, train_step


class Learner:
    """Model and optimizer of a run, made from the config's seed or from `init`.

    Raises:
        WeightsError: `init` does not fit the config's model.
    """

    def __init__(self, config: TrainConfig, num_steps: int, device: str, init: Path | None = None) -> None:
        torch.manual_seed(config.seed)
        self.config, self.num_steps, self.device = config, num_steps, device
        self.model = Model(config.model)
        if init is not None:
            weights.load_into(self.model, init)
        self.model.to(device).train()
        self.optimizer = make_optimizer(self.model, config)

    @property
    def parts(self) -> dict[str, Stateful]:
        return cast(dict[str, Stateful], {"model": self.model, "optimizer": self.optimizer})

    def rate(self, step: int) -> float:
        """Give the learning rate of `step`, counted from 1."""
        return self.config.learning_rate * rate_share(step - 1, self.num_steps, self.config.warmup_share)

    def learn(self, step: int, minibatch: Minibatch) -> StepResult | None:
        """Do `step`, counted from 1; None, and nothing done, if the minibatch is empty.

        Raises:
            NonFiniteGradient: The weights are unchanged.
        """
        if not len(minibatch.frames_NCTHW):
            return None
        self.model.train()
        set_rate(self.optimizer, self.rate(step))
        return train_step(
            self.model,
            self._moved(minibatch),
            self.optimizer,
            max_grad_norm=self.config.max_grad_norm,
            use_bf16=self.config.precision == "auto" and self.device.startswith("cuda"),
        )

    def _moved(self, minibatch: Minibatch) -> Minibatch:
        frames_NCTHW, targets_NL, mask_NL, unreadable = minibatch
        return Minibatch(
            frames_NCTHW.to(self.device, non_blocking=True),
            targets_NL.to(self.device, non_blocking=True),
            mask_NL.to(self.device, non_blocking=True),
            unreadable,
        )
