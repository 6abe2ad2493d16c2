"""The v6 architecture: halves the picture early, is shown changes over time, and pools instead of flattening.

Each block is a stage of ConvNeXt with a convolution over time behind it; torchvision's parts do the rest.
Layer norms, not instance norms: how strong a change is next to another is what there is to learn, and a
norm of each channel on its own would divide it out. Shapes as in `layers`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cakelens.framesets import FRAMES
from cakelens.layers import time_conv

_LAYER_SCALE = 1.0  # ConvNeXt's 1e-6 is for 36 blocks; with a handful it only delays learning


class StridedBlock(nn.Module):
    """Halve height and width and widen; then look at neighbours in the frame, and at the frames beside it."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        # Here, not above: torchvision takes as long to import as torch, and the other models need none of it.
        from torchvision.models.convnext import CNBlock, LayerNorm2d

        self.norm0 = LayerNorm2d(channels_in)
        self.space_conv0 = nn.Conv2d(channels_in, channels_out, kernel_size=2, stride=2)
        self.space_block0 = CNBlock(channels_out, _LAYER_SCALE, stochastic_depth_prob=0.0)
        self.time_norm0 = LayerNorm2d(channels_out)
        self.time_conv0 = nn.Conv3d(channels_out, channels_out, (3, 1, 1), padding="same")

    def forward(self, x_MCHW: Tensor) -> Tensor:
        x_MCHW = self.space_block0(self.space_conv0(self.norm0(x_MCHW)))
        x_MCHW = x_MCHW.contiguous(memory_format=torch.channels_last)
        return x_MCHW + F.gelu(time_conv(self.time_norm0(x_MCHW), self.time_conv0))


def pooled(x_MCHW: Tensor) -> Tensor:
    """Give each channel's mean and spread over a frameset: of a size that the window does not change."""
    x_NTCHW = x_MCHW.reshape(-1, FRAMES, *x_MCHW.shape[1:])
    var_NC, mean_NC = torch.var_mean(x_NTCHW, dim=(1, 3, 4), correction=0)
    return torch.cat([mean_NC, (var_NC + 1e-5).sqrt()], dim=1)
