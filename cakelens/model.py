"""The detector's network: `Model()` is the published v5, `V6` and `TINY` make the others.

Shapes: N framesets, C channels, T = 9 frames, H height, W width, M = N*T frames, L = 17 labels.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cakelens import layers
from cakelens.architectures import ARCHITECTURES
from cakelens.config import PRESETS, TINY, V5, V6, ModelConfig
from cakelens.framesets import FRAMES
from cakelens.labels import V5_LABELS
from cakelens.transforms import make_transformer

__all__ = ["PRESETS", "TINY", "V5", "V6", "Model", "ModelConfig", "make_transformer"]

WHITE = 255.0
"""The brightest value of a frame as decoded."""


class Model(nn.Module):
    """Judge framesets: 17 logits each, in label order.

    `forward` takes one of
      - uint8 (N, 3, 9, H, W): frames as decoded, H = W = the config's window;
      - float (N, 3, 9, H, W): the same scaled to 0..1;
      - float (N, 1, 27, H, W): already normalised and stacked, as the published package feeds it.
    Scaling and normalisation of the first two are folded into the first convolution.
    """

    def __init__(self, config: ModelConfig = V5) -> None:
        super().__init__()
        self.config = config
        self.seq = nn.ModuleDict(
            {
                "input_conv0": nn.Conv3d(1, config.initial_channels, kernel_size=3, stride=3),
                "input_norm0": nn.InstanceNorm3d(config.initial_channels, affine=True),
                "spacetime_conv_group": layers.named("seq.main", nn.ModuleDict(_blocks(config))),
                "fully_connected": layers.named("seq", _head(config)),
            }
        )

    def forward(self, frames: Tensor) -> Tensor:
        x_MCHW = layers.norm(self._stem(frames), self.stem_norm)
        features = ARCHITECTURES[self.config.architecture].features
        logits_NL: Tensor = self.head(features(self.blocks, x_MCHW, self.config))
        return logits_NL

    @property
    def stem_conv(self) -> nn.Conv3d:
        return cast(nn.Conv3d, self.seq["input_conv0"])

    @property
    def stem_norm(self) -> nn.InstanceNorm3d:
        return cast(nn.InstanceNorm3d, self.seq["input_norm0"])

    @property
    def blocks(self) -> list[nn.Module]:
        prefix = "spacetime_conv_group.seq.main"
        return [
            self.seq.get_submodule(f"{prefix}.block{index}.seq.main")
            for index in range(self.config.num_blocks)
        ]

    @property
    def head(self) -> layers.FullyConnected:
        return cast(layers.FullyConnected, self.seq.get_submodule("fully_connected.seq"))

    def load_from_huggingface_hub(self, device: str | None = None) -> None:
        """Load the published v5 weights, downloading them once; `device` is accepted and not needed."""
        from cakelens import weights

        weights.load_into(self, weights.download_v5())

    def stem_weights(self, white: float = WHITE) -> tuple[Tensor, Tensor]:
        """Give the first convolution as two-dimensional weight and bias for frames from 0 to `white`."""
        weight_OCHW, bias_O = self._normalised_stem_weights()
        mean_C11 = weight_OCHW.new_tensor(self.config.mean)[:, None, None]
        std_C11 = weight_OCHW.new_tensor(self.config.std)[:, None, None]
        scaled_OCHW = weight_OCHW / std_C11
        return scaled_OCHW / white, bias_O - (scaled_OCHW * mean_C11).sum((1, 2, 3))

    def _normalised_stem_weights(self) -> tuple[Tensor, Tensor]:
        return self.stem_conv.weight.squeeze(1), cast(Tensor, self.stem_conv.bias)

    def _stem(self, frames: Tensor) -> Tensor:
        if is_normalised(frames):
            weight_OCHW, bias_O = self._normalised_stem_weights()
        else:
            weight_OCHW, bias_O = self.stem_weights(WHITE if frames.dtype == torch.uint8 else 1.0)
        return F.conv2d(as_frames(frames).to(weight_OCHW.dtype), weight_OCHW, bias_O, stride=3)


def is_normalised(frames: Tensor) -> bool:
    """Tell the published package's stacked input (N, 1, 27, H, W) from plain frames."""
    return frames.shape[1] == 1


def as_frames(frames: Tensor) -> Tensor:
    """Lay any accepted input out as single frames (M, 3, H, W) in channels-last memory.

    Raises:
        ValueError: The shape or dtype is none of those `Model` takes.
    """
    shape = tuple(frames.shape)
    stacked = len(shape) == 5 and shape[1:3] == (1, 3 * FRAMES) and frames.is_floating_point()
    plain = len(shape) == 5 and shape[1:3] == (3, FRAMES)
    if not (stacked or plain) or not (frames.dtype == torch.uint8 or frames.is_floating_point()):
        raise ValueError(
            f"frames must be uint8 or float (N, 3, {FRAMES}, H, W) or normalised float"
            f" (N, 1, {3 * FRAMES}, H, W), got {frames.dtype} {shape}"
        )
    frames_NTCHW = frames.reshape(shape[0], FRAMES, 3, *shape[3:]) if stacked else frames.transpose(1, 2)
    return frames_NTCHW.flatten(0, 1).contiguous(memory_format=torch.channels_last)


def _blocks(config: ModelConfig) -> dict[str, nn.Module]:
    blocks = ARCHITECTURES[config.architecture].blocks(config)
    return {f"block{index}": layers.named("seq.main", block) for index, block in enumerate(blocks)}


def _head(config: ModelConfig) -> layers.FullyConnected:
    features = ARCHITECTURES[config.architecture].num_features(config)
    return layers.FullyConnected(features, config.hidden, len(V5_LABELS))
