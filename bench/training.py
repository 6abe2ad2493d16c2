"""Training steps beside a plain loop around the published package's model class, in one go.

Plain: fp32, AdamW, contiguous Conv3d, as the package's users would write it. Both sides get the same random
frames; they are processes of their own and take turns. A ratio is ours over plain: higher is better for us.
On a CPU with a 128-pixel window; `--device cuda` measures at 512 pixels, the largest minibatch that fits
without recomputation, and how long steps wait for real clips.
"""

import argparse
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from bench._sides import Stepper

SIDES = {
    "plain loop, v5 fp32": {"side": "plain"},
    "ours, v5 fp32": {"side": "ours", "preset": "v5", "precision": "fp32"},
    "ours, v5 auto": {"side": "ours", "preset": "v5", "precision": "auto"},
    "ours, v6 auto": {"side": "ours", "preset": "v6", "precision": "auto"},
}
PLAIN = "plain loop, v5 fp32"
NOT_MEASURED = ("samples/s at 512 pixels", "largest minibatch without recomputation", "data wait, real clips")
MOST = 512  # framesets: no GPU of today holds so many of v5


def main() -> None:
    args = _parser().parse_args()
    from config.ffmpeg import use_libraries

    use_libraries()
    from bench._setup import machine
    from bench._sides import Stepper

    window = args.window or (512 if args.device.startswith("cuda") else 128)
    print(f"machine: {machine()}; {args.device}")
    print(f"{args.rounds} rounds, interleaved; window {window}, minibatch {args.minibatch_size}\n")
    with ExitStack() as stack:
        sides = {
            name: stack.enter_context(Stepper(options, args.device, window))
            for name, options in SIDES.items()
        }
        print_steps(take_turns(sides, args.rounds, args.minibatch_size), args.minibatch_size)
    if not args.device.startswith("cuda"):
        print("\n| on a GPU | |\n|---|---|")
        for what in NOT_MEASURED:
            print(f"| {what} | not measured (run with --device cuda where there is one) |")
        return
    print_largest(args.device, window)
    print_data_wait(args.device, args.num_workers)


def take_turns(sides: dict[str, "Stepper"], rounds: int, size: int) -> dict[str, list[dict[str, Any]]]:
    """Have each side do one step to warm up, then `rounds` by turns."""
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, side in sides.items():
            print(f"\rstep: {name}, round {number} of {rounds}      ", end="", file=sys.stderr, flush=True)
            answer = side.step(size)
            if number:
                answers[name].append(answer)
    print("\r" + " " * 60 + "\r", end="", file=sys.stderr)
    return answers


def print_steps(answers: dict[str, list[dict[str, Any]]], size: int) -> None:
    print("| side | samples/s | × | CPU s a sample | × | peak GB | × |\n|---|---|---|---|---|---|---|")
    plain = answers[PLAIN]
    for name, rows in answers.items():
        wall, cpu = median(rows, "wall") / size, median(rows, "cpu") / size
        peak, plain_peak = (max(row["peak_bytes"] for row in found) for found in (rows, plain))
        faster, lighter = median(plain, "wall") / size / wall, median(plain, "cpu") / size / cpu
        memory = f"{peak / 1e9:.2f} | {peak / plain_peak:.2f}"
        print(f"| {name} | {1 / wall:.3f} | {faster:.2f} | {cpu:.2f} | {lighter:.2f} | {memory} |")


def print_largest(device: str, window: int) -> None:
    """Double the minibatch until it no longer fits, then halve the gap."""
    from bench._sides import Stepper

    print("\n| side | largest minibatch without recomputation |\n|---|---|")
    for name, options in SIDES.items():
        with Stepper(options, device, window) as side:
            print(f"| {name} | {_largest(side)} |")


def _largest(side: "Stepper") -> int:
    fits, too_many = 0, 1
    while too_many <= MOST and side.step(too_many)["fits"]:
        fits, too_many = too_many, too_many * 2
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if side.step(middle)["fits"]:
            fits = middle
        else:
            too_many = middle
    return fits


def print_data_wait(device: str, num_workers: int) -> None:
    """Train v5 on clips that are decoded while it learns."""
    from bench._synthetic import synthetic_batch
    from training.config import preset
    from training.learning.trainer import Trainer
    from training.loop import StepReport

    with tempfile.TemporaryDirectory(prefix="cakelens-bench-") as name:
        batch = synthetic_batch(Path(name) / "clips", 160)
        config = preset("v5", steps=60, device=device, num_workers=num_workers, validate_every=60)
        trainer = Trainer(config, batch, Path(name) / "clips", Path(name) / "run")
        steps = [report for report in trainer.run() if isinstance(report, StepReport)][10:]
    share = statistics.mean(step.pace.data_wait_share for step in steps)
    print(f"\ndata wait with {num_workers} workers: {share:.1%} of the step")


def median(rows: list[dict[str, Any]], key: str) -> float:
    return statistics.median(float(row[key]) for row in rows)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--window", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minibatch-size", type=int, default=2)
    parser.add_argument("--num-workers", type=int, default=6)
    return parser


if __name__ == "__main__":
    main()
