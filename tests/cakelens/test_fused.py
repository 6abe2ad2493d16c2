import pytest
import torch
from torch.autograd import gradcheck

from cakelens.fused import leaky_norm, reference_leaky_norm


def inputs(skip_channels: int | None) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    shapes = [(2, 12, 6), (6,), (6,)] + ([] if skip_channels is None else [(2, 12, skip_channels)])
    return tuple(
        torch.randn(shape, dtype=torch.float64, generator=generator).requires_grad_() for shape in shapes
    )


@pytest.mark.parametrize("skip_channels", [None, 4, 3, 6])
def test_leaky_norm_equals_the_layers(skip_channels: int | None) -> None:
    given = inputs(skip_channels)

    out_NPC = leaky_norm(*given)

    torch.testing.assert_close(out_NPC, reference_leaky_norm(*given))


@pytest.mark.parametrize("skip_channels", [None, 4])
def test_leaky_norm_gradients_are_right(skip_channels: int | None) -> None:
    assert gradcheck(leaky_norm, inputs(skip_channels))


def test_leaky_norm_keeps_one_large_tensor() -> None:
    x_NPC, scale_C, shift_C, skip_NPC = inputs(4)
    kept: list[int] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        leaky_norm(x_NPC, scale_C, shift_C, skip_NPC)

    assert [size for size in kept if size >= x_NPC.numel()] == [x_NPC.numel()]


def test_leaky_norm_in_bf16_stays_near_fp32() -> None:
    given = [tensor.detach().float() for tensor in inputs(4)]
    expected = leaky_norm(*given)

    out_NPC = leaky_norm(given[0].bfloat16(), given[1], given[2], given[3].bfloat16())

    assert out_NPC.dtype == torch.bfloat16
    torch.testing.assert_close(out_NPC.float(), expected, atol=0.05, rtol=0.02)
