"""One side of a comparison, in a process of its own: the published package, or ours.

Reads one JSON command a line, answers one JSON object a line. Run with PYTHONPATH on the side's package.
Shapes: N framesets, L labels.
"""

import importlib
import json
import resource
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor


class Side(Protocol):
    """What both packages can do."""

    def frames(self, video: str, index: int) -> Tensor: ...

    def logits(self, frames: Tensor) -> Tensor: ...

    def detect(self, video: str) -> list[float]: ...


class Published:
    """The package's own decoder, transform, model and detector."""

    def __init__(self, weights: str, device: str, precision: str, shape: dict[str, int]) -> None:
        self._model_module: Any = importlib.import_module("cakelens.model")
        self._datasets: Any = importlib.import_module("cakelens.datasets")
        detect: Any = importlib.import_module("cakelens.detect")
        with torch.device("meta" if shape else "cpu"):  # the full model is built as its users build it
            model = self._model_module.Model(**shape)
        state = torch.load(weights, map_location=device)["model_state_dict"]
        model.load_state_dict(state, assign=bool(shape))
        self._detector = detect.Detector(model=model.eval(), batch_size=1, device=device)
        self._decoder = cache(self._datasets.VideoDecoder)
        self._transform = self._model_module.make_transformer()
        self._precision = precision

    def frames(self, video: str, index: int) -> Tensor:
        frameset = [self._datasets.Frameset(index)]
        dataset = self._datasets.VideoDataset(
            frameset, self._decoder(video), frame_count=9, transform=self._transform
        )
        frames: Tensor = dataset[0][None]
        return frames.to(self._detector.device)

    def logits(self, frames: Tensor) -> Tensor:
        is_bf16 = self._precision == "autocast"
        device = torch.device(self._detector.device).type
        with torch.autocast(device, dtype=torch.bfloat16, enabled=is_bf16):
            logits_NL: Tensor = self._detector.model(frames)
        return logits_NL

    def detect(self, video: str) -> list[float]:
        predictions: list[float] = self._detector.detect(Path(video)).predictions
        return predictions


class Ours:
    """Our reader, backend and detector."""

    def __init__(self, weights: str, device: str, precision: str, shape: dict[str, int]) -> None:
        from cakelens import weights as weights_module
        from cakelens.decoding import VideoReader
        from cakelens.detect import Detector
        from cakelens.model import Model, ModelConfig

        self._reader = cache(VideoReader)
        with torch.device("meta"):
            model = Model(ModelConfig(**_our_names(shape)))
        weights_module.load_into(model, weights)
        self._detector = Detector(model, device=device, precision="auto" if precision == "auto" else "fp32")

    def frames(self, video: str, index: int) -> Tensor:
        return self._reader(video).frameset_NCTHW([index]).to(self._detector.device)

    def logits(self, frames: Tensor) -> Tensor:
        return self._detector.run(frames)

    def detect(self, video: str) -> list[float]:
        return self._detector.detect(video).predictions


def _our_names(shape: dict[str, int]) -> dict[str, Any]:
    names = {"initial_channels": "initial_channels", "spacetime_block_count": "num_blocks"}
    return {names.get(name, name): value for name, value in shape.items()}


def answer(side: Side, command: dict[str, Any]) -> dict[str, Any]:
    """Do one command and say what it took."""
    video, indices = command["video"], command.get("indices", [])
    if command["do"] == "decode":
        return _timed(lambda: [side.frames(video, index) for index in indices] and None)
    if command["do"] == "detect":
        return _timed(lambda: side.detect(video))
    frames = torch.cat([side.frames(video, index) for index in indices])
    return _timed(lambda: side.logits(frames).float().cpu().tolist())


def _timed(work: Callable[[], Any]) -> dict[str, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    with torch.no_grad():
        result = work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "result": result,
    }


def main() -> None:
    options = json.loads(sys.argv[1])
    if options["threads"]:
        torch.set_num_threads(options["threads"])
    kind = Published if options["side"] == "published" else Ours
    side = kind(options["weights"], options["device"], options["precision"], options["shape"])
    print(json.dumps({"ready": importlib.import_module("cakelens").__file__}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(side, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
