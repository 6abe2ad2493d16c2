"""One side of a comparison of training steps, in a process of its own: a plain loop, or ours.

The plain loop is what a user of the published package would write: its model class, fp32, AdamW. Reads one
JSON command a line, answers one object a line. Run with PYTHONPATH on the side's package.
Shapes: N framesets, L = 17 labels.
"""

import importlib
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

LABELS = 17


class Side(Protocol):
    """What both sides can do: one optimizer step on the same random frames."""

    def step(self, frames_NCTHW: Tensor, targets_NL: Tensor) -> float: ...


class Plain:
    """The package's model class and transform, and torch's own parts as their documentation has them."""

    def __init__(self, device: str, window: int) -> None:
        module: Any = importlib.import_module("cakelens.model")
        torch.manual_seed(0)
        self.device, self.transform = device, module.make_transformer()
        self.model = module.Model().to(device).train()
        self.model(torch.zeros(1, 1, 27, window, window, device=device))  # its Linears are lazy
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-5)
        self.loss = nn.BCEWithLogitsLoss()

    def step(self, frames_NCTHW: Tensor, targets_NL: Tensor) -> float:
        stacked = torch.stack([self.transform(frames.transpose(0, 1) / 255) for frames in frames_NCTHW])
        loss = self.loss(self.model(stacked.to(self.device)), targets_NL.to(self.device))
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        return float(loss.detach())


class Ours:
    """Our learner, as `train_batch` has it; `fp32` and `auto` by the config."""

    def __init__(self, device: str, window: int, preset_name: str, precision: str) -> None:
        # Not from this side's folder alone: `training` lies beside the library.
        sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
        from training.config import preset
        from training.dataset import Minibatch
        from training.learning.learner import Learner
        from training.learning.machine import keep_freed_memory

        keep_freed_memory()
        config = preset(
            preset_name,
            window=window,
            precision=precision,
            learning_rate=1e-5,
            ema_decay=0.0,
            minibatch_size=10**6,
        )
        self.learner, self.minibatch = Learner(config, 10**6, device), Minibatch
        self.steps = 0

    def step(self, frames_NCTHW: Tensor, targets_NL: Tensor) -> float:
        self.steps += 1
        minibatch = self.minibatch(frames_NCTHW, targets_NL, torch.ones_like(targets_NL), [])
        result = self.learner.learn(self.steps, minibatch)
        assert result is not None
        return result.loss


def answer(side: Side, size: int, window: int, device: str) -> dict[str, Any]:
    """Do one step on `size` framesets and say what it took; `fits` is False where memory did not suffice."""
    generator = torch.Generator().manual_seed(size)
    frames_NCTHW = torch.randint(0, 256, (size, 3, 9, window, window), dtype=torch.uint8, generator=generator)
    targets_NL = torch.randint(0, 2, (size, LABELS), generator=generator).float()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        loss = side.step(frames_NCTHW, targets_NL)
        if device.startswith("cuda"):
            torch.cuda.synchronize()
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()
        return {"fits": False}
    return {
        "fits": True,
        "loss": loss,
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "peak_bytes": peak_bytes(device),
    }


def peak_bytes(device: str) -> int:
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    options = json.loads(sys.argv[1])
    device, window = options["device"], options["window"]
    if options["side"] == "plain":
        side: Side = Plain(device, window)
    else:
        side = Ours(device, window, options["preset"], options["precision"])
    print(json.dumps({"ready": importlib.import_module("cakelens").__file__}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(side, json.loads(line)["size"], window, device)), flush=True)


if __name__ == "__main__":
    main()
