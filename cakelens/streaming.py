"""The v5 on a CPU, one frame at a time through two buffers that are allocated once.

Same function as `Model.forward`, for inference: each convolution's output is a frame, taken up at once
by the fused LeakyReLU and statistics while it is in the cache. What lives between layers lies in two
buffers; a block's second output overwrites its first behind the frame that is being read.
Shapes: T = 9 frames, P = H*W positions of a frame, C channels, L = 17 labels.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cakelens.framesets import FRAMES
from cakelens.fused import EPSILON, SLOPE
from cakelens.head import judge_features
from cakelens.layers import SpaceTimeBlock
from cakelens.model import Model, as_frames
from cakelens.passes import Passes, TorchPasses

_POOL = 5


@dataclass(frozen=True, slots=True)
class _Layer:
    """One convolution and the norm after it, its weights laid out for the buffers' dtype."""

    weight: Tensor
    bias_C: Tensor
    scale_C: Tensor
    shift_C: Tensor

    @property
    def channels(self) -> int:
        return self.weight.shape[0]


class StreamingModel:
    """Judge framesets on the CPU with `model`'s weights, in fp32 or bf16.

    The head stays in fp32, read from where the weights' file is mapped.
    """

    def __init__(
        self, model: Model, dtype: torch.dtype = torch.float32, passes: Passes | None = None
    ) -> None:
        self._passes = passes or TorchPasses()
        self._model = model
        self._dtype = dtype
        self._side = (model.config.window - 3) // 3 + 1
        self._lay_out_weights()
        self._buffers = [torch.empty(size, dtype=dtype) for size in self._buffer_sizes()]

    def __call__(self, frames_NCTHW: Tensor) -> Tensor:
        """Give logits (N, 17) of uint8 framesets (N, 3, 9, H, W)."""
        self._lay_out_weights()
        features = [self._features(frames_CTHW) for frames_CTHW in frames_NCTHW]
        return judge_features(self._model, torch.stack(features))

    def _lay_out_weights(self) -> None:
        """Copy the convolutions' weights: milliseconds, and what the model learned meanwhile counts."""
        self._stem = _stem_layer(self._model, self._dtype)
        self._blocks = [_block_layers(block, self._dtype) for block in self._model.blocks]

    def _features(self, frames_CTHW: Tensor) -> Tensor:
        x_TPC = self._run_stem(as_frames(frames_CTHW[None]))
        for index, (space, time) in enumerate(self._blocks):
            is_last = index == len(self._blocks) - 1
            x_TPC = self._run_block(x_TPC, space, time, self._buffers[(index + 1) % 2], is_last=is_last)
        return self._pool(x_TPC)

    def _run_stem(self, frames_TCHW: Tensor) -> Tensor:
        x_TPC = self._carve(self._buffers[0], 0, self._stem.channels)
        statistics = _Statistics(self._passes, self._stem)
        for t in range(FRAMES):
            picture_1CHW = frames_TCHW[t : t + 1].to(self._dtype)
            out_1CHW = F.conv2d(picture_1CHW, self._stem.weight, self._stem.bias_C, stride=3)
            statistics.take(_rows(out_1CHW), x_TPC[t])
        statistics.normalise(x_TPC)
        return x_TPC

    def _run_block(
        self, x_TPC: Tensor, space: _Layer, time: _Layer, buffer: Tensor, *, is_last: bool
    ) -> Tensor:
        """Run one block from `x_TPC` into `buffer`; only what the pool will read of the last block."""
        space_TPC = self._carve(buffer, _gap(space, time), space.channels)
        out_TPC = self._carve(buffer, 0, time.channels)
        self._run_space(x_TPC, space, space_TPC)
        self._run_time(space_TPC, time, out_TPC, x_TPC, frames=_POOL if is_last else FRAMES)
        return out_TPC

    def _run_space(self, x_TPC: Tensor, layer: _Layer, out_TPC: Tensor) -> None:
        statistics = _Statistics(self._passes, layer)
        for t in range(FRAMES):
            out_1CHW = F.conv2d(self._picture(x_TPC[t]), layer.weight, layer.bias_C, padding=1)
            statistics.take(_rows(out_1CHW), out_TPC[t])
        statistics.normalise(out_TPC)

    def _run_time(
        self, in_TPC: Tensor, layer: _Layer, out_TPC: Tensor, skip_TPC: Tensor, *, frames: int
    ) -> None:
        statistics = _Statistics(self._passes, layer)
        for t in range(FRAMES):
            first, last = max(t - 1, 0), min(t + 1, FRAMES - 1)
            seen_1CTP = in_TPC[first : last + 1].permute(2, 0, 1)[None]
            taps = layer.weight[:, :, first - t + 1 : last - t + 2]
            out_1C1P = F.conv2d(seen_1CTP, taps, layer.bias_C)
            statistics.take(_rows(out_1C1P), out_TPC[t])  # frame t-1 of the input is not needed again
        statistics.normalise(out_TPC[:frames], skip_TPC[:frames])

    def _pool(self, x_TPC: Tensor) -> Tensor:
        pooled_1CHW = F.max_pool2d(self._picture(x_TPC[0]), _POOL)
        for t in range(1, _POOL):
            pooled_1CHW = torch.maximum(pooled_1CHW, F.max_pool2d(self._picture(x_TPC[t]), _POOL))
        return pooled_1CHW.float().flatten()

    def _picture(self, frame_PC: Tensor) -> Tensor:
        return frame_PC.view(1, self._side, self._side, -1).permute(0, 3, 1, 2)

    def _carve(self, buffer: Tensor, start_channels: int, channels: int) -> Tensor:
        positions = self._side**2
        start = start_channels * positions
        return buffer[start : start + FRAMES * positions * channels].view(FRAMES, positions, channels)

    def _buffer_sizes(self) -> list[int]:
        """Count the elements of both buffers; blocks write to the second, the first, and so on."""
        channels = [FRAMES * self._stem.channels, 0]
        for index, (space, time) in enumerate(self._blocks):
            needed = _gap(space, time) + FRAMES * space.channels
            channels[(index + 1) % 2] = max(channels[(index + 1) % 2], needed)
        return [count * self._side**2 for count in channels]


class _Statistics:
    """Take frames one by one, then normalise them all."""

    def __init__(self, passes: Passes, layer: _Layer) -> None:
        self._passes = passes
        self._layer = layer
        self._sums_2C = torch.zeros(2, layer.channels, dtype=torch.float64)
        self._pivot_C: Tensor | None = None
        self._rows = 0

    def take(self, frame_PC: Tensor, out_PC: Tensor) -> None:
        if self._pivot_C is None:
            self._pivot_C = F.leaky_relu(frame_PC[0].float(), SLOPE)
        self._passes.leaky_sums(frame_PC, out_PC, self._pivot_C, self._sums_2C)
        self._rows += frame_PC.shape[0]

    def normalise(self, x_TPC: Tensor, skip_TPC: Tensor | None = None) -> None:
        assert self._pivot_C is not None
        distance_C, square_C = self._sums_2C / self._rows
        rstd_C = (square_C - distance_C.square() + EPSILON).rsqrt()
        gain_C = self._layer.scale_C * rstd_C
        shift_C = self._layer.shift_C - (self._pivot_C + distance_C) * gain_C
        for t, frame_PC in enumerate(x_TPC):
            skip_PC = None if skip_TPC is None else skip_TPC[t]
            self._passes.normalise(frame_PC, gain_C.float(), shift_C.float(), skip_PC)


def _stem_layer(model: Model, dtype: torch.dtype) -> _Layer:
    weight_OCHW, bias_O = model.stem_weights()
    return _layer(weight_OCHW, bias_O, model.stem_norm, dtype)


def _block_layers(block: nn.Module, dtype: torch.dtype) -> tuple[_Layer, _Layer]:
    assert isinstance(block, SpaceTimeBlock)
    space, time = block.space_conv0, block.time_conv0
    return (
        _layer(space.weight.squeeze(2), space.bias, block.space_norm0, dtype),
        _layer(time.weight.squeeze(-1), time.bias, block.time_norm0, dtype),
    )


def _layer(weight_OIHW: Tensor, bias_O: Tensor | None, norm: nn.InstanceNorm3d, dtype: torch.dtype) -> _Layer:
    assert bias_O is not None
    return _Layer(
        weight_OIHW.detach().to(dtype).contiguous(memory_format=torch.channels_last),
        bias_O.detach().to(dtype),
        norm.weight.detach().float(),
        norm.bias.detach().float(),
    )


def _rows(x_1CHW: Tensor) -> Tensor:
    """See a channels-last picture as rows of channels; any other layout is copied into one."""
    return x_1CHW.permute(0, 2, 3, 1).reshape(-1, x_1CHW.shape[1]).contiguous()


def _gap(space: _Layer, time: _Layer) -> int:
    """Count the channels of a position by which the first output lies behind the second.

    Output frame t, at t * time channels, may reach no further than input frame t.
    """
    return time.channels + (FRAMES - 1) * (time.channels - space.channels)
