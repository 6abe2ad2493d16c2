"""The layers of both architectures, as two-dimensional convolutions on channels-last frames.

Parameters keep the names and the Conv3d shapes of the published checkpoint. Activations are
`(N*T, C, H, W)` in channels-last memory, so the bytes lie as N, T, H, W, C and every view is free.
Shapes: N framesets, T frames, C channels, H height, W width, P = T*H*W positions.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from cakelens.framesets import FRAMES
from cakelens.fused import SLOPE, leaky_norm


def space_conv(x_MCHW: Tensor, conv: nn.Conv3d) -> Tensor:
    """Convolve each frame on its own with a (1, k, k) kernel."""
    weight_OIHW = conv.weight.squeeze(2)
    return F.conv2d(x_MCHW, weight_OIHW, conv.bias, padding=weight_OIHW.shape[-1] // 2)


def time_conv(x_MCHW: Tensor, conv: nn.Conv3d) -> Tensor:
    """Convolve over frames with a (3, 1, 1) kernel: an image whose rows are frames."""
    frames, _, height, width = x_MCHW.shape
    x_NTPC = x_MCHW.permute(0, 2, 3, 1).reshape(frames // FRAMES, FRAMES, height * width, -1)
    out_NCTP = F.conv2d(x_NTPC.permute(0, 3, 1, 2), conv.weight.squeeze(-1), conv.bias, padding=(1, 0))
    return out_NCTP.permute(0, 2, 3, 1).reshape(frames, height, width, -1).permute(0, 3, 1, 2)


def norm(x_MCHW: Tensor, layer: nn.InstanceNorm3d, skip_MCHW: Tensor | None = None) -> Tensor:
    """Apply LeakyReLU and `layer` over whole framesets, then add the skip."""
    frames, channels, height, width = x_MCHW.shape
    skip_NPC = None if skip_MCHW is None else _positions(skip_MCHW)
    out_NPC = leaky_norm(_positions(x_MCHW), layer.weight, layer.bias, skip_NPC)
    return out_NPC.reshape(frames, height, width, channels).permute(0, 3, 1, 2)


def _positions(x_MCHW: Tensor) -> Tensor:
    x_MHWC = x_MCHW.permute(0, 2, 3, 1)
    return x_MHWC.reshape(x_MCHW.shape[0] // FRAMES, -1, x_MCHW.shape[1])


def named(path: str, module: nn.Module) -> nn.Module:
    """Put `module` under containers so that its parameters start with `path`."""
    for name in reversed(path.split(".")):
        module = nn.ModuleDict({name: module})
    return module


class SpaceTimeBlock(nn.Module):
    """Widen by twice `step` channels: within frames, then between them, around a skip."""

    def __init__(self, channels: int, step: int) -> None:
        super().__init__()
        self.space_conv0 = nn.Conv3d(channels, channels + step, (1, 3, 3), padding="same")
        self.space_norm0 = nn.InstanceNorm3d(channels + step, affine=True)
        self.time_conv0 = nn.Conv3d(channels + step, channels + 2 * step, (3, 1, 1), padding="same")
        self.time_norm0 = nn.InstanceNorm3d(channels + 2 * step, affine=True)

    def forward(self, x_MCHW: Tensor) -> Tensor:
        space_MCHW = norm(space_conv(x_MCHW, self.space_conv0), self.space_norm0)
        return norm(time_conv(space_MCHW, self.time_conv0), self.time_norm0, x_MCHW)


class FullyConnected(nn.Module):
    """Three hidden layers and the logits; the published names call the last one `relu3`."""

    def __init__(self, features: int, hidden: tuple[int, int, int], num_labels: int) -> None:
        super().__init__()
        self.linear0 = nn.Linear(features, hidden[0])
        self.linear1 = nn.Linear(hidden[0], hidden[1])
        self.linear2 = nn.Linear(hidden[1], hidden[2])
        self.relu3 = nn.Linear(hidden[2], num_labels)

    def forward(self, features_NF: Tensor) -> Tensor:
        return self.after_linear0(self.linear0(features_NF))

    def after_linear0(self, x_NF: Tensor) -> Tensor:
        """Do the rest, for a caller who ran the large first layer in parts."""
        for linear in (self.linear1, self.linear2, self.relu3):
            x_NF = linear(F.leaky_relu(x_NF, SLOPE))
        return x_NF


def max_pool(x_MCHW: Tensor, size: int = 5) -> Tensor:
    """Pool cubes of `size` frames and pixels, flattened per frameset as MaxPool3d does.

    Of nine frames only the first five fill a cube; the last four reach the logits through the
    statistics of the norms alone.
    """
    frames, channels, height, width = x_MCHW.shape
    x_NTCHW = x_MCHW.reshape(frames // FRAMES, FRAMES, channels, height, width)[:, :size]
    pooled_MCHW = F.max_pool2d(x_NTCHW.flatten(0, 1), size)
    pooled_NTCHW = pooled_MCHW.reshape(x_NTCHW.shape[0], size, channels, *pooled_MCHW.shape[2:])
    return pooled_NTCHW.max(dim=1).values.flatten(1)
