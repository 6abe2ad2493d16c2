"""What lies between the first convolution and the head, by name: `ModelConfig.architecture` chooses.

A new architecture is a row here, its name in `cakelens.config`, and a preset.
Shapes: M = N*T frames, C channels, H height, W width, F features of a frameset.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cakelens import layers, motion, strided
from cakelens.config import ModelConfig


@dataclass(frozen=True, slots=True)
class Architecture:
    """How blocks are made, and what is made of their output.

    `features` takes the blocks and the stem's (M, C, H, W) and gives (N, F), F = `num_features`.
    """

    blocks: Callable[[ModelConfig], list[nn.Module]]
    features: Callable[[Sequence[nn.Module], Tensor, ModelConfig], Tensor]
    num_features: Callable[[ModelConfig], int]


def _widths(config: ModelConfig, growth: int) -> list[int]:
    """List the channels before each block and after the last."""
    return [config.initial_channels + growth * index for index in range(config.num_blocks + 1)]


def _through(blocks: Sequence[nn.Module], x_MCHW: Tensor) -> Tensor:
    for block in blocks:
        x_MCHW = block(x_MCHW)
    return x_MCHW


# ---- spacetime: the published v5 ----------------------------------------------------------------


def _spacetime_blocks(config: ModelConfig) -> list[nn.Module]:
    widths = _widths(config, 2 * config.channels_step)
    return [layers.SpaceTimeBlock(width, config.channels_step) for width in widths[:-1]]


def _spacetime_features(blocks: Sequence[nn.Module], x_MCHW: Tensor, config: ModelConfig) -> Tensor:
    return layers.max_pool(_through(blocks, x_MCHW))


def _num_spacetime_features(config: ModelConfig) -> int:
    pooled = ((config.window - 3) // 3 + 1) // 5
    return _widths(config, 2 * config.channels_step)[-1] * pooled**2


# ---- motion: `tiny` -----------------------------------------------------------------------------


def _motion_blocks(config: ModelConfig) -> list[nn.Module]:
    widths = _widths(config, config.channels_step)
    return [motion.SpaceBlock(width, config.channels_step) for width in widths[:-1]]


def _motion_features(blocks: Sequence[nn.Module], x_MCHW: Tensor, config: ModelConfig) -> Tensor:
    changes_MCHW = motion.lagged_differences(_through(blocks, x_MCHW), config.lags)
    return motion.energies(changes_MCHW, lags=config.lags)


def _num_motion_features(config: ModelConfig) -> int:
    return _num_energies(_widths(config, config.channels_step)[-1], config)


def _num_energies(channels: int, config: ModelConfig) -> int:
    return channels * (len(config.lags) + 1) * 2


# ---- strided: v6 --------------------------------------------------------------------------------


def _strided_blocks(config: ModelConfig) -> list[nn.Module]:
    widths = _widths(config, config.channels_step)
    first = config.initial_channels * (len(config.lags) + 1)  # the frames and, beside them, their changes
    return [strided.StridedBlock(*pair) for pair in zip([first, *widths[1:]], widths[1:], strict=False)]


def _strided_features(blocks: Sequence[nn.Module], x_MCHW: Tensor, config: ModelConfig) -> Tensor:
    changes_MCHW = motion.lagged_differences(x_MCHW, config.lags)
    energies_NF = motion.energies(changes_MCHW, lags=config.lags)
    return torch.cat([strided.pooled(_through(blocks, changes_MCHW)), energies_NF], dim=1)


def _num_strided_features(config: ModelConfig) -> int:
    widest = _widths(config, config.channels_step)[-1]
    return 2 * widest + _num_energies(config.initial_channels, config)


ARCHITECTURES: dict[str, Architecture] = {
    "spacetime": Architecture(_spacetime_blocks, _spacetime_features, _num_spacetime_features),
    "motion": Architecture(_motion_blocks, _motion_features, _num_motion_features),
    "strided": Architecture(_strided_blocks, _strided_features, _num_strided_features),
}
