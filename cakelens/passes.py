"""LeakyReLU and instance norm over rows in two passes, in place, for inference on a CPU.

Between the passes lie the statistics. Shapes: R rows (positions), C channels.
"""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from cakelens.fused import SLOPE, skip_padding

_BLOCK_ROWS = 4096


class Passes(Protocol):
    """Two passes over rows, in torch or compiled."""

    @property
    def name(self) -> str: ...

    def leaky_sums(self, in_RC: Tensor, out_RC: Tensor, pivot_C: Tensor, sums_2C: Tensor) -> None:
        """Write the LeakyReLU of `in_RC` and add each channel's sum and sum of squares, in fp64.

        Both are of the distance to `pivot_C`, a value the channel takes, so that no digits cancel in
        the variance. `in_RC` may be overwritten.
        """

    def normalise(self, values_RC: Tensor, gain_C: Tensor, shift_C: Tensor, skip_RC: Tensor | None) -> None:
        """Scale and shift each channel in place, then add the skip in the middle channels."""


class TorchPasses:
    """The passes where there is no compiler.

    Rows are taken in blocks that stay in the cache, and bf16 is widened once per block: mixed-dtype
    arithmetic in torch leaves its vectorised path and is ten times slower.
    """

    name = "torch"

    def leaky_sums(self, in_RC: Tensor, out_RC: Tensor, pivot_C: Tensor, sums_2C: Tensor) -> None:
        for in_block_RC, out_block_RC in zip(
            in_RC.split(_BLOCK_ROWS), out_RC.split(_BLOCK_ROWS), strict=True
        ):
            leaky_RC = F.leaky_relu_(in_block_RC.float(), SLOPE)
            out_block_RC.copy_(leaky_RC)
            leaky_RC -= pivot_C
            sums_2C[0] += leaky_RC.sum(0)
            sums_2C[1] += leaky_RC.square_().sum(0)

    def normalise(self, values_RC: Tensor, gain_C: Tensor, shift_C: Tensor, skip_RC: Tensor | None) -> None:
        for start in range(0, len(values_RC), _BLOCK_ROWS):
            block_RC = values_RC[start : start + _BLOCK_ROWS]
            wide_RC = torch.addcmul(shift_C, block_RC.float(), gain_C)
            if skip_RC is not None:
                before, _ = skip_padding(skip_RC.shape[1], values_RC.shape[1])
                skip_block_RC = skip_RC[start : start + _BLOCK_ROWS].float()
                wide_RC[:, before : before + skip_RC.shape[1]] += skip_block_RC
            block_RC.copy_(wide_RC)
