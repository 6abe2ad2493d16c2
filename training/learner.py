"""A model while it learns: what changes with each step, and what a checkpoint must hold of it."""

from pathlib import Path
from typing import cast

import torch

from cakelens import weights
from cakelens.model import Model
from training.checkpoints import Stateful
from training.config import TrainConfig
from training.dataset import Minibatch
from training.loop import StepResult, make_optimizer, make_scheduler, train_step


class Learner:
    """Model, optimizer and learning rate of a run, made from the config's seed or from `init`.

    Raises:
        WeightsError: `init` does not fit the config's model.
    """

    def __init__(self, config: TrainConfig, num_steps: int, device: str, init: Path | None = None) -> None:
        torch.manual_seed(config.seed)
        self.config, self.device = config, device
        self.model = Model(config.model)
        if init is not None:
            weights.load_into(self.model, init)
        self.model.to(device).train()
        self.optimizer = make_optimizer(self.model, config)
        self.scheduler = make_scheduler(self.optimizer, config, num_steps)

    @property
    def parts(self) -> dict[str, Stateful]:
        parts = {"model": self.model, "optimizer": self.optimizer, "scheduler": self.scheduler}
        return cast(dict[str, Stateful], parts)

    @property
    def learning_rate(self) -> float:
        return float(self.scheduler.get_last_lr()[0])

    def learn(self, minibatch: Minibatch) -> StepResult | None:
        """Do one step; None, and no more than a step of the schedule, if the minibatch is empty.

        Raises:
            NonFiniteGradient: The weights are unchanged.
        """
        result = None
        if len(minibatch.frames_NCTHW):
            self.model.train()
            result = train_step(
                self.model,
                self._moved(minibatch),
                self.optimizer,
                max_grad_norm=self.config.max_grad_norm,
                use_bf16=self.config.precision == "auto" and self.device.startswith("cuda"),
            )
        self.scheduler.step()
        return result

    def _moved(self, minibatch: Minibatch) -> Minibatch:
        frames_NCTHW, targets_NL, mask_NL, unreadable = minibatch
        return Minibatch(
            frames_NCTHW.to(self.device, non_blocking=True),
            targets_NL.to(self.device, non_blocking=True),
            mask_NL.to(self.device, non_blocking=True),
            unreadable,
        )
