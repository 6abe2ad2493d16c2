"""The table of architectures, and what v6 promises beside v5."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from cakelens import weights
from cakelens.config import V5, V6, ModelConfig
from cakelens.detect import Detector
from cakelens.model import Model

SMALL_V6 = replace(V6, window=32, initial_channels=4, num_blocks=2, channels_step=4, hidden=(8, 8, 8))


def cost(config: ModelConfig) -> tuple[int, int]:
    """Return a model's parameters and the operations it takes to judge one frameset."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        model = Model(config)
        model(torch.zeros(1, 3, 9, config.window, config.window))
    return sum(parameter.numel() for parameter in model.parameters()), counter.get_total_flops()


@pytest.mark.slow
@pytest.mark.parametrize("window", [128, 512])
def test_v6_costs_a_tenth_of_v5_at_most(window: int) -> None:
    v5, v6 = cost(replace(V5, window=window)), cost(replace(V6, window=window))

    assert v6[0] * 10 <= v5[0]
    assert v6[1] * 10 <= v5[1]


@pytest.fixture
def small_v6() -> Model:
    torch.manual_seed(0)
    return Model(SMALL_V6).eval()


def test_v6_gives_a_logit_for_each_label(small_v6: Model) -> None:
    frames_NCTHW = torch.randint(0, 256, (2, 3, 9, 32, 32), dtype=torch.uint8)

    logits_NL = small_v6(frames_NCTHW)

    assert logits_NL.shape == (2, 17)
    torch.testing.assert_close(logits_NL, small_v6(frames_NCTHW / 255), rtol=1e-4, atol=1e-5)


def test_v6_judges_each_frameset_on_its_own(small_v6: Model) -> None:
    frames_NCTHW = torch.randint(0, 256, (2, 3, 9, 32, 32), dtype=torch.uint8)

    together, alone = small_v6(frames_NCTHW), small_v6(frames_NCTHW[1:])

    torch.testing.assert_close(together[1:], alone, rtol=1e-4, atol=1e-5)


def test_v6_sees_the_order_of_frames(small_v6: Model) -> None:
    frames_NCTHW = torch.randint(0, 256, (1, 3, 9, 32, 32), dtype=torch.uint8)

    assert not torch.allclose(small_v6(frames_NCTHW), small_v6(frames_NCTHW.flip(2)), atol=1e-4)


@pytest.mark.slow
def test_v6_is_saved_loaded_and_judges_a_clip(
    small_v6: Model, tmp_path: Path, clip: Callable[..., Path]
) -> None:
    weights.save_weights(small_v6, tmp_path / "v6.safetensors", slug="v6")

    loaded = weights.load_model(tmp_path / "v6.safetensors")
    verdict = Detector(loaded, device="cpu").detect(clip(num_frames=18))

    assert loaded.config == SMALL_V6
    assert len(verdict.predictions) == 17
    assert all(0 < probability < 1 for probability in verdict.predictions)
