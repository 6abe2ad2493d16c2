"""Drive `_worker.py` and `_steps.py` processes, and make what they work on."""

import subprocess
from pathlib import Path
from typing import Any

import imageio_ffmpeg

from bench._peer import Peer
from bench._published import environment


class Worker(Peer):
    """One side, kept alive with its weights loaded; a context manager."""

    def __init__(self, side: str, weights: Path, *, precision: str = "fp32", device: str = "cpu",
                 threads: int = 0, shape: dict[str, int] | None = None,
                 has_compiler: bool = True) -> None:  # fmt: skip
        options: dict[str, Any] = {"side": side, "weights": str(weights), "precision": precision}
        options |= {"device": device, "threads": threads, "shape": shape or {}}
        super().__init__("_worker.py", options, environment(side) | ({} if has_compiler else {"PATH": ""}))
        self.package = str(self.greeting["ready"])

    def ask(self, do: str, video: Path, indices: list[int] | None = None) -> dict[str, Any]:
        """Have one command done; the answer holds wall, cpu, peak_bytes and result."""
        return self.exchange({"do": do, "video": str(video), "indices": indices or []})


class Stepper(Peer):
    """One side of the training steps; it answers what a step took."""

    def __init__(self, options: dict[str, str], device: str, window: int) -> None:
        side = "published" if options["side"] == "plain" else "ours"
        super().__init__("_steps.py", options | {"device": device, "window": window}, environment(side))

    def step(self, size: int) -> dict[str, Any]:
        return self.exchange({"size": size})


def write_weights(path: Path, shape: dict[str, Any] | None = None) -> Path:
    """Write random v5 weights in the published checkpoint's form, with logits spread like real ones."""
    import torch

    from cakelens.model import Model, ModelConfig

    torch.manual_seed(0)
    model = Model(ModelConfig(**(shape or {})))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name and name.endswith("weight"):
                parameter.uniform_(0.5, 1.5)
            elif "linear" in name or "relu3" in name:
                parameter.mul_(3)
    torch.save({"model_state_dict": model.state_dict()}, path)
    return path


def write_clip(path: Path, size: str, frames: int, *, bit_rate_bps: int | None = None) -> Path:
    """Make a clip with detail and motion: FFmpeg's moving test picture under film grain.

    The grain alone takes 26 Mbit/s at 1280x720; `bit_rate_bps` holds it to what a site would serve.
    """
    source = f"testsrc2=size={size}:rate=30,noise=alls=12:allf=t"
    options = [
        "-frames:v",
        str(frames),
        "-pix_fmt",
        "yuv444p" if "333" in size else "yuv420p",
        "-threads",
        "1",
    ]
    if bit_rate_bps is not None:
        options += ["-b:v", str(bit_rate_bps)]
    program = imageio_ffmpeg.get_ffmpeg_exe()
    command = [program, "-loglevel", "error", "-y", "-f", "lavfi", "-i", source, *options, str(path)]
    subprocess.run(command, check=True)
    return path
