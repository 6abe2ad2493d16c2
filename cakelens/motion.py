"""The small architecture: how strongly frames differ from those a few frames earlier.

Steady motion makes the difference grow with the lag, motion that goes back and forth does not, and a
generator's flicker lives in the differences alone. Shapes as in `layers`.
"""

import torch
from torch import Tensor, nn

from cakelens.framesets import FRAMES
from cakelens.layers import norm, space_conv

_FLOOR = 1e-3  # a still picture has no motion: its logarithm stays finite


class SpaceBlock(nn.Module):
    """Widen by `step` channels within frames, around a skip; time is left for the differences."""

    def __init__(self, channels: int, step: int) -> None:
        super().__init__()
        self.space_conv0 = nn.Conv3d(channels, channels + step, (1, 3, 3), padding="same")
        self.space_norm0 = nn.InstanceNorm3d(channels + step, affine=True)

    def forward(self, x_MCHW: Tensor) -> Tensor:
        return norm(space_conv(x_MCHW, self.space_conv0), self.space_norm0, x_MCHW)


def lagged_differences(x_MCHW: Tensor, lags: tuple[int, ...]) -> Tensor:
    """Put the differences to the frame `lag` earlier beside each frame, for each lag.

    Frames without an earlier one get zeros.
    """
    x_NTCHW = x_MCHW.reshape(-1, FRAMES, *x_MCHW.shape[1:])
    parts = [x_NTCHW]
    for lag in lags:
        difference = x_NTCHW[:, lag:] - x_NTCHW[:, :-lag]
        parts.append(torch.cat([torch.zeros_like(x_NTCHW[:, :lag]), difference], dim=1))
    return torch.cat(parts, dim=2).flatten(0, 1)


def energies(x_MCHW: Tensor, *, lags: tuple[int, ...]) -> Tensor:
    """Give each channel's mean magnitude over a frameset on a log scale, and its spread over time.

    Channels come in equal groups, the frames first and then one group per lag; frames that have no
    earlier one at that lag are left out.
    """
    magnitude_NTC = x_MCHW.abs().mean(dim=(2, 3)).reshape(-1, FRAMES, x_MCHW.shape[1])
    groups = magnitude_NTC.chunk(len(lags) + 1, dim=2)
    seen = [group[:, lag:] for lag, group in zip((0, *lags), groups, strict=True)]
    means = [torch.log(group.mean(1) + _FLOOR) for group in seen]
    spreads = [torch.log(group.std(1) + _FLOOR) for group in seen]
    return torch.cat(means + spreads, dim=1)
