"""The v5's head on a CPU: a gigabyte of weights, read from the file and let go.

Shapes: N framesets, F features, H rows of the first layer, L = 17 labels.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from cakelens.model import Model
from cakelens.pages import is_releasable, release

_ROWS = 16  # 33 MB of the published first layer


def judge_features(model: Model, features_NF: Tensor) -> Tensor:
    """Give logits (N, L) of pooled features in fp32; the first layer by slices, read from its mapped file."""
    linear0 = model.head.linear0
    slices = zip(linear0.weight.split(_ROWS), linear0.bias.split(_ROWS), strict=True)
    is_mapped = is_releasable(linear0.weight)
    parts = []
    for weight_HF, bias_H in slices:
        parts.append(F.linear(features_NF, weight_HF, bias_H))
        if is_mapped:
            release(weight_HF)
    return model.head.after_linear0(torch.cat(parts, dim=1))
