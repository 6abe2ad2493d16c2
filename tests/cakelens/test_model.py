import pytest
import torch
from torch import nn

from cakelens.config import PRESETS, TINY, V5, ModelConfig
from cakelens.layers import SpaceTimeBlock
from cakelens.model import Model, make_transformer


def published_form(model: Model) -> nn.Sequential:
    """Rebuild `model` from torch's own three-dimensional layers, as the published package does."""

    class Block(nn.Module):
        def __init__(self, block: SpaceTimeBlock) -> None:
            super().__init__()
            self.main = nn.Sequential(
                block.space_conv0, nn.LeakyReLU(), block.space_norm0,
                block.time_conv0, nn.LeakyReLU(), block.time_norm0,
            )  # fmt: skip

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = self.main(x)
            half = (out.shape[1] - x.shape[1]) // 2
            return out + nn.functional.pad(x, (0, 0) * 3 + (half, half))

    head = model.head
    blocks = [Block(block) for block in model.blocks if isinstance(block, SpaceTimeBlock)]
    return nn.Sequential(
        model.stem_conv, nn.LeakyReLU(), model.stem_norm, *blocks, nn.MaxPool3d(5), nn.Flatten(),
        head.linear0, nn.LeakyReLU(), head.linear1, nn.LeakyReLU(), head.linear2, nn.LeakyReLU(),
        head.relu3,
    )  # fmt: skip


def stacked(frames_uint8: torch.Tensor) -> torch.Tensor:
    transform = make_transformer()
    return torch.stack([transform(frames.transpose(0, 1) / 255) for frames in frames_uint8])


def test_logits_equal_those_of_the_published_layers(small_model: Model, frames_uint8: torch.Tensor) -> None:
    expected_NL = published_form(small_model)(stacked(frames_uint8))

    logits_NL = small_model(frames_uint8)

    assert (logits_NL - expected_NL).abs().max() < 1e-5 * expected_NL.std()


def test_gradients_equal_those_of_the_published_layers(
    small_model: Model, frames_uint8: torch.Tensor
) -> None:
    parameters = list(small_model.parameters())
    expected = torch.autograd.grad(published_form(small_model)(stacked(frames_uint8)).sum(), parameters)

    gradients = torch.autograd.grad(small_model(frames_uint8).sum(), parameters)

    for ours, theirs in zip(gradients, expected, strict=True):
        assert (ours - theirs).abs().max() < 1e-4 * theirs.abs().max()


@pytest.mark.parametrize("form", ["float", "stacked"])
def test_every_input_form_gives_the_same_logits(
    form: str, small_model: Model, frames_uint8: torch.Tensor
) -> None:
    frames = stacked(frames_uint8) if form == "stacked" else frames_uint8 / 255

    logits_NL = small_model(frames)

    torch.testing.assert_close(logits_NL, small_model(frames_uint8), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 3, 8, 48, 48), (3, 9, 48, 48), (1, 27, 48, 48)])
def test_frames_of_another_shape_are_refused(shape: tuple[int, ...], small_model: Model) -> None:
    with pytest.raises(ValueError, match=r"frames must be uint8 or float \(N, 3, 9, H, W\)"):
        small_model(torch.zeros(shape))


def test_v5_has_the_published_names_and_size() -> None:
    with torch.device("meta"):
        model = Model()

    state = model.state_dict()
    block = "seq.spacetime_conv_group.seq.main.block5.seq.main"
    assert sum(parameter.numel() for parameter in model.parameters()) == 270_621_137
    assert state["seq.input_conv0.weight"].shape == (64, 1, 3, 3, 3)
    assert state[f"{block}.space_conv0.weight"].shape == (416, 384, 1, 3, 3)
    assert state[f"{block}.time_conv0.weight"].shape == (448, 416, 3, 1, 1)
    assert state["seq.fully_connected.seq.linear0.weight"].shape == (512, 517_888)
    assert state["seq.fully_connected.seq.relu3.bias"].shape == (17,)


def test_tiny_is_tiny_and_takes_framesets() -> None:
    model = Model(TINY)

    logits_NL = model(torch.zeros(2, 3, 9, TINY.window, TINY.window, dtype=torch.uint8))

    assert logits_NL.shape == (2, 17)
    assert logits_NL.isfinite().all()
    assert sum(parameter.numel() for parameter in model.parameters()) < 100_000


@pytest.mark.slow
def test_tiny_learns_steady_from_back_and_forth_motion() -> None:
    frames_uint8, is_swinging = moving_textures(32)
    torch.manual_seed(0)
    model = Model(TINY)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)

    for start in [0, 8, 16] * 6:
        chosen = slice(start, start + 8)
        logits_N = model(frames_uint8[chosen])[:, 0]
        nn.functional.binary_cross_entropy_with_logits(logits_N, is_swinging[chosen]).backward()
        optimizer.step()
        optimizer.zero_grad()

    judged = model(frames_uint8[24:])[:, 0] > 0
    assert judged.tolist() == (is_swinging[24:] > 0).tolist()


def moving_textures(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Make framesets of blurred noise that moves on (0) or back and forth (1), two pixels a frame."""
    generator = torch.Generator().manual_seed(2)
    noise = torch.rand(count, 3, 120, 120, generator=generator)
    texture = nn.functional.avg_pool2d(noise, 5, stride=1, padding=2).sub(0.5).mul(4).sigmoid()
    is_swinging = torch.arange(count) % 2
    clips = [
        torch.stack(
            [torch.roll(texture[i], 2 * (t % 2 if is_swinging[i] else t), dims=2) for t in range(9)], 1
        )
        for i in range(count)
    ]
    frames = torch.stack(clips)[..., 12:108, 12:108]
    return frames.mul(255).to(torch.uint8), is_swinging.float()


@pytest.mark.parametrize("name", PRESETS)
def test_config_survives_a_round_trip(name: str) -> None:
    config = PRESETS[name]

    assert ModelConfig.from_dict(config.to_dict()) == config


def test_config_with_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown model config key 'colour'; update cakelens"):
        ModelConfig.from_dict(V5.to_dict() | {"colour": 1})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"window": 8}, "window must be >= 15, got 8"),
        ({"num_blocks": 0}, "num_blocks must be >= 1, got 0"),
        ({"crop": "left"}, "crop must be one of top-left, center, got 'left'"),
        ({"lags": (9,)}, r"lags must be between 1 and 8, got \(9,\)"),
    ],
)
def test_config_out_of_range_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ModelConfig.from_dict(values)
