"""LeakyReLU, instance norm and skip as one differentiable step that keeps one tensor, not three.

Shapes: N framesets, P positions (time, height and width in one axis), C channels.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

SLOPE = 0.01  # of nn.LeakyReLU, whose defaults the published model keeps
EPSILON = 1e-5  # of nn.InstanceNorm3d


def leaky_norm(x_NPC: Tensor, scale_C: Tensor, shift_C: Tensor, skip_NPC: Tensor | None = None) -> Tensor:
    """Apply LeakyReLU, normalise each channel over its positions, add `skip` in the middle channels.

    A skip of fewer channels is padded with zero channels, half before and half after.
    """
    out: Tensor = _LeakyNorm.apply(x_NPC, scale_C, shift_C, skip_NPC)
    return out


def reference_leaky_norm(
    x_NPC: Tensor, scale_C: Tensor, shift_C: Tensor, skip_NPC: Tensor | None = None
) -> Tensor:
    """Compute `leaky_norm` from torch's own layers: what it is held against."""
    leaky_NCP = torch.nn.functional.leaky_relu(x_NPC, SLOPE).transpose(1, 2)
    normed_NCP = torch.nn.functional.instance_norm(leaky_NCP, weight=scale_C, bias=shift_C, eps=EPSILON)
    normed_NPC = normed_NCP.transpose(1, 2)
    if skip_NPC is None:
        return normed_NPC
    before, after = skip_padding(skip_NPC.shape[2], x_NPC.shape[2])
    return normed_NPC + torch.nn.functional.pad(skip_NPC, (before, after))


def skip_padding(channels_in: int, channels_out: int) -> tuple[int, int]:
    """Count the zero channels before and after a skip that grows from `channels_in` to `channels_out`."""
    extra = channels_out - channels_in
    return extra // 2, extra - extra // 2


class _LeakyNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x_NPC: Tensor, scale_C: Tensor, shift_C: Tensor, skip_NPC: Tensor | None) -> Tensor:
        leaky_NPC = torch.nn.functional.leaky_relu(x_NPC, SLOPE)
        mean_N1C, rstd_N1C = _statistics(leaky_NPC)
        ctx.save_for_backward(leaky_NPC, mean_N1C, rstd_N1C, scale_C)
        ctx.num_skip = None if skip_NPC is None else skip_NPC.shape[2]
        gain_N1C = rstd_N1C * scale_C
        out_NPC = leaky_NPC * gain_N1C.to(x_NPC.dtype)
        out_NPC += (shift_C - mean_N1C * gain_N1C).to(x_NPC.dtype)
        if skip_NPC is not None:
            _middle(out_NPC, skip_NPC.shape[2]).add_(skip_NPC)
        return out_NPC

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_NPC: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        leaky_NPC, mean_N1C, rstd_N1C, scale_C = ctx.saved_tensors
        wide, count = mean_N1C.dtype, leaky_NPC.shape[1]
        shift_grad_N1C = grad_NPC.sum(1, keepdim=True, dtype=wide)
        product_N1C = (grad_NPC * leaky_NPC).sum(1, keepdim=True, dtype=wide)
        scale_grad_N1C = (product_N1C - mean_N1C * shift_grad_N1C) * rstd_N1C
        # Source: the usual instance-norm gradient; both means are over a channel's positions. Written as
        # gain * grad + slope * leaky + offset, so that large tensors are passed over as few times as can be.
        gain_N1C = rstd_N1C * scale_C
        slope_N1C = -gain_N1C * rstd_N1C * scale_grad_N1C / count
        offset_N1C = -gain_N1C * shift_grad_N1C / count - mean_N1C * slope_N1C
        inner_NPC = torch.addcmul(offset_N1C, leaky_NPC, slope_N1C).addcmul_(grad_NPC, gain_N1C)
        # The slope at each value is read off the sign of the leaky output; `where` takes twenty times longer.
        x_grad_NPC = torch.ops.aten.leaky_relu_backward(inner_NPC.to(leaky_NPC.dtype), leaky_NPC, SLOPE, True)
        skip_grad = None if ctx.num_skip is None else _middle(grad_NPC, ctx.num_skip)
        return (
            x_grad_NPC,
            scale_grad_N1C.sum((0, 1)).to(scale_C.dtype),
            shift_grad_N1C.sum((0, 1)).to(scale_C.dtype),
            skip_grad,
        )


def _statistics(leaky_NPC: Tensor) -> tuple[Tensor, Tensor]:
    """Give mean and 1/std per frameset and channel, at least in fp32.

    In two passes: `var_mean` over the middle axis takes three times as long on a CPU.
    """
    wide_NPC = leaky_NPC if leaky_NPC.dtype == torch.float64 else leaky_NPC.float()
    mean_N1C = wide_NPC.mean(dim=1, keepdim=True)
    var_N1C = (wide_NPC - mean_N1C).square_().mean(dim=1, keepdim=True)
    return mean_N1C, (var_N1C + EPSILON).rsqrt()


def _middle(wide_NPC: Tensor, channels: int) -> Tensor:
    before, _ = skip_padding(channels, wide_NPC.shape[2])
    return wide_NPC[:, :, before : before + channels]
