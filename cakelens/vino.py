"""The v5 on a CPU through OpenVINO: as fast as our own C where the machine has no compiler.

The convolutions and norms are one OpenVINO graph, built from the weights operation by operation:
`openvino.convert_model` would trace the whole model in torch first, and reports its use over the network.
The gigabyte of the head stays in torch, where its file is mapped.
Shapes: N framesets, C = 3 channels, T = 9 frames, H and W the window, F features.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import openvino as ov
import torch
from openvino import opset15 as op
from torch import Tensor, nn

from cakelens.framesets import FRAMES
from cakelens.fused import EPSILON, SLOPE, skip_padding
from cakelens.head import judge_features
from cakelens.layers import SpaceTimeBlock
from cakelens.model import Model

_POOL = 5
_TYPES = {torch.float32: "f32", torch.bfloat16: "bf16"}
_POSITIONS = np.array([2, 3, 4])  # the axes T, H and W


class VinoModel:
    """Judge framesets on the CPU with `model`'s weights, in fp32 or bf16."""

    def __init__(self, model: Model, dtype: torch.dtype = torch.float32) -> None:
        self._model = model
        self._options = {
            "INFERENCE_PRECISION_HINT": _TYPES[dtype],
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "PERFORMANCE_HINT": "LATENCY",
        }
        self._compiled_from: list[tuple[int, int]] = []

    def __call__(self, frames_NCTHW: Tensor) -> Tensor:
        """Give logits (N, 17) of uint8 framesets (N, 3, 9, H, W)."""
        self._compile_if_learned()
        features = [self._features(frames_CTHW) for frames_CTHW in frames_NCTHW]
        return judge_features(self._model, torch.stack(features))

    def _features(self, frames_CTHW: Tensor) -> Tensor:
        frames_NTHWC = frames_CTHW.permute(1, 2, 3, 0)[None].contiguous()
        return torch.from_numpy(self._run(frames_NTHWC.numpy()))

    def _compile_if_learned(self) -> None:
        """Compile the graph, and anew when the model has learned since: its weights are constants of it."""
        weights = [(weight.data_ptr(), weight._version) for weight in _convolved(self._model)]
        if weights != self._compiled_from:
            self._run = _compiled(self._model, self._options)
            self._compiled_from = weights


def _convolved(model: Model) -> Iterator[nn.Parameter]:
    """Give the weights that the graph holds: all but the head's."""
    for layer in (model.stem_conv, model.stem_norm, *model.blocks):
        yield from layer.parameters()


def _compiled(model: Model, options: dict[str, Any]) -> Callable[[Any], Any]:
    request = ov.Core().compile_model(_graph(model), "CPU", options).create_infer_request()

    def run(frames_NTHWC: Any) -> Any:
        features_NF = request.infer([frames_NTHWC], share_inputs=True)[0]
        return features_NF[0].copy()  # the request's own memory: the next frameset overwrites it

    return run


def _graph(model: Model) -> ov.Model:
    """Build uint8 frames (1, 9, H, W, 3) to what the head takes (1, F)."""
    window = model.config.window
    frames = op.parameter([1, FRAMES, window, window, 3], ov.Type.u8, name="frames_NTHWC")
    x_NCTHW = op.transpose(op.convert(frames, "f32"), np.array([0, 4, 1, 2, 3]))
    x_NCTHW = _norm(_stem(x_NCTHW, model), model.stem_norm)
    for block in model.blocks:
        assert isinstance(block, SpaceTimeBlock)
        x_NCTHW = _block(x_NCTHW, block)
    return ov.Model([_pool(x_NCTHW)], [frames], "v5")


def _stem(x_NCTHW: ov.Node, model: Model) -> ov.Node:
    weight_OCHW, bias_O = model.stem_weights()
    return _convolution(x_NCTHW, weight_OCHW[:, :, None], bias_O, strides=[1, 3, 3], padding=[0, 0, 0])


def _block(x_NCTHW: ov.Node, block: SpaceTimeBlock) -> ov.Node:
    space, time = block.space_conv0, block.time_conv0
    inner_NCTHW = _convolution(x_NCTHW, space.weight, space.bias, padding=[0, 1, 1])
    inner_NCTHW = _norm(inner_NCTHW, block.space_norm0)
    out_NCTHW = _convolution(inner_NCTHW, time.weight, time.bias, padding=[1, 0, 0])
    out_NCTHW = _norm(out_NCTHW, block.time_norm0)
    before, after = skip_padding(space.in_channels, time.out_channels)
    return op.add(out_NCTHW, op.pad(x_NCTHW, [0, before, 0, 0, 0], [0, after, 0, 0, 0], "constant"))


def _convolution(
    x_NCTHW: ov.Node,
    weight_OCTHW: Tensor,
    bias_O: Tensor | None,
    *,
    padding: list[int],
    strides: list[int] | None = None,
) -> ov.Node:
    assert bias_O is not None
    filters = op.constant(_array(weight_OCTHW))
    out_NCTHW = op.convolution(x_NCTHW, filters, strides or [1, 1, 1], padding, padding, [1, 1, 1])
    return op.add(out_NCTHW, _per_channel(bias_O))


def _norm(x_NCTHW: ov.Node, layer: nn.InstanceNorm3d) -> ov.Node:
    leaky_NCTHW = op.prelu(x_NCTHW, op.constant(np.array([SLOPE], np.float32)))
    normed_NCTHW = op.mvn(leaky_NCTHW, op.constant(_POSITIONS), True, EPSILON, "inside_sqrt")
    return op.add(op.multiply(normed_NCTHW, _per_channel(layer.weight)), _per_channel(layer.bias))


def _pool(x_NCTHW: ov.Node) -> ov.Node:
    size, none = [_POOL] * 3, [0, 0, 0]
    pooled = op.max_pool(x_NCTHW, size, [1, 1, 1], none, none, size)
    return op.reshape(pooled.output(0), [1, -1], special_zero=False)


def _per_channel(values_C: Tensor) -> ov.Node:
    return op.constant(_array(values_C).reshape(1, -1, 1, 1, 1))


def _array(values: Tensor) -> Any:
    return values.detach().float().contiguous().numpy()
