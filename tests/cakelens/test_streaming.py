import pytest
import torch

from cakelens.config import ModelConfig
from cakelens.fused import EPSILON, reference_leaky_norm
from cakelens.model import Model
from cakelens.native import native_passes
from cakelens.passes import Passes, TorchPasses
from cakelens.streaming import StreamingModel


def test_streaming_equals_forward(small_model: Model, frames_uint8: torch.Tensor) -> None:
    expected_NL = small_model(frames_uint8)

    with torch.inference_mode():
        logits_NL = StreamingModel(small_model)(frames_uint8)

    assert (logits_NL - expected_NL).abs().max() < 1e-5 * expected_NL.std()


@pytest.mark.parametrize("num_blocks", [1, 2, 3, 5])
def test_streaming_buffers_never_overlap_what_is_still_read(num_blocks: int) -> None:
    config = ModelConfig(
        window=33, initial_channels=3, num_blocks=num_blocks, channels_step=5, hidden=(8, 8, 8)
    )
    torch.manual_seed(num_blocks)
    model = Model(config).eval()
    frames_NCTHW = torch.randint(0, 256, (1, 3, 9, 33, 33), dtype=torch.uint8)

    with torch.inference_mode():
        logits_NL = StreamingModel(model)(frames_NCTHW)

    torch.testing.assert_close(logits_NL, model(frames_NCTHW), rtol=1e-4, atol=1e-5)


def test_streaming_in_bf16_stays_near_fp32(small_model: Model, frames_uint8: torch.Tensor) -> None:
    expected_NL = small_model(frames_uint8)

    with torch.inference_mode():
        logits_NL = StreamingModel(small_model, torch.bfloat16)(frames_uint8)

    assert (logits_NL - expected_NL).abs().max() < 0.1 * expected_NL.std()


def test_streaming_sees_weights_loaded_later(small_model: Model, frames_uint8: torch.Tensor) -> None:
    streaming = StreamingModel(small_model)
    with torch.no_grad():
        small_model.stem_conv.weight.mul_(-1)

    with torch.inference_mode():
        logits_NL = streaming(frames_uint8)

    torch.testing.assert_close(logits_NL, small_model(frames_uint8), rtol=1e-4, atol=1e-5)


@pytest.fixture(params=["torch", "native"])
def passes(request: pytest.FixtureRequest) -> Passes:
    found = TorchPasses() if request.param == "torch" else native_passes()
    if found is None:
        pytest.skip("there is no C compiler here")
    return found


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_streaming_gives_the_same_with_any_passes(
    dtype: torch.dtype, passes: Passes, small_model: Model, frames_uint8: torch.Tensor
) -> None:
    with torch.inference_mode():
        expected_NL = StreamingModel(small_model, dtype)(frames_uint8)

        logits_NL = StreamingModel(small_model, dtype, passes)(frames_uint8)

    tolerance = 1e-5 if dtype == torch.float32 else 0.02
    assert (logits_NL - expected_NL).abs().max() < tolerance * expected_NL.std()


@pytest.mark.parametrize("skip_channels", [None, 4])
def test_passes_equal_the_layers_over_several_blocks(skip_channels: int | None, passes: Passes) -> None:
    generator = torch.Generator().manual_seed(0)
    x_RC = torch.randn(9000, 6, generator=generator) + 20  # far from zero: the variance must not cancel
    skip_RC = None if skip_channels is None else torch.randn(9000, skip_channels, generator=generator)
    scale_C, shift_C = torch.randn(2, 6, generator=generator)
    skip_NPC = None if skip_RC is None else skip_RC[None]
    expected_NPC = reference_leaky_norm(x_RC[None].double(), scale_C.double(), shift_C.double(), skip_NPC)

    out_RC = torch.empty_like(x_RC)
    sums_2C = torch.zeros(2, 6, dtype=torch.float64)
    pivot_C = torch.nn.functional.leaky_relu(x_RC[0])
    passes.leaky_sums(x_RC, out_RC, pivot_C, sums_2C)
    distance_C, square_C = sums_2C / 9000
    gain_C = scale_C / (square_C - distance_C**2 + EPSILON).sqrt()
    passes.normalise(out_RC, gain_C.float(), (shift_C - (pivot_C + distance_C) * gain_C).float(), skip_RC)

    torch.testing.assert_close(out_RC.double(), expected_NPC[0].double(), rtol=1e-4, atol=1e-4)
