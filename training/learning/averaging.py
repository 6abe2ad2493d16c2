"""A running mean of the weights (EMA): steadier than the weights of any one step, and often better."""

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

_HEADSTART = 10  # without it the mean of a short run would mostly be the random weights it began with


def averaged(model: nn.Module, decay: float) -> AveragedModel:
    """Give a copy of `model` whose `update_parameters` moves it towards the weights of after each step.

    The mean reaches back over the steps done so far at first, over 1 / (1 - `decay`) of them later.
    """

    def moved(mean: Tensor, current: Tensor, num_averaged: Tensor | int) -> Tensor:
        share = 1 - min(decay, (1 + int(num_averaged)) / (_HEADSTART + int(num_averaged)))
        return mean.lerp(current, share)

    return AveragedModel(model, avg_fn=moved)
