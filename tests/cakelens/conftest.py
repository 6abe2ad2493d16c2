"""Clips made with FFmpeg, and models small enough for a quick test."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import pytest
import torch

from cakelens.config import ModelConfig
from cakelens.model import Model

MakeClip = Callable[..., Path]
SMALL = ModelConfig(window=48, initial_channels=4, num_blocks=2, channels_step=2, hidden=(8, 8, 8))


@pytest.fixture(scope="session")
def make_clip(tmp_path_factory: pytest.TempPathFactory) -> MakeClip:
    """Give a maker of clips: moving test pictures of a size and number of frames."""
    folder = tmp_path_factory.mktemp("clips")

    def make(size: str, frames: int, *options: str, name: str | None = None) -> Path:
        path = folder / (name or f"{size}-{frames}.mp4")
        if not path.exists():
            source = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=24", "-frames:v", str(frames)]
            run_ffmpeg(*source, "-pix_fmt", "yuv444p", *options, str(path))
        return path

    return make


def run_ffmpeg(*arguments: str) -> None:
    """Run FFmpeg on one thread, quietly."""
    program = imageio_ffmpeg.get_ffmpeg_exe()
    command = [program, "-loglevel", "error", "-threads", "1", "-y", *arguments]
    subprocess.run(command, check=True)


@pytest.fixture(scope="session")
def ffmpeg() -> Callable[..., None]:
    """Give `run_ffmpeg` to tests that make files of their own."""
    return run_ffmpeg


@pytest.fixture
def small_model() -> Model:
    """Give a v5 in miniature whose affine parameters are not the neutral ones."""
    torch.manual_seed(0)
    model = Model(SMALL).eval()
    for name, parameter in model.named_parameters():
        if "norm" in name:
            torch.nn.init.normal_(parameter)
    return model


@pytest.fixture
def frames_uint8() -> torch.Tensor:
    """Give two framesets of noise for `small_model`."""
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (2, 3, 9, 48, 48), dtype=torch.uint8, generator=generator)
