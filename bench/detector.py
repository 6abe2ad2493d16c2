"""The detector beside the published package: the same weights and clip, interleaved in one go.

Each side is a process of its own with its weights loaded; the sides take turns, so what else the machine
does falls on all of them. Ratios are of medians, published over ours: higher is better for us.
`--device cuda` measures the same on a GPU, and a whole 30 s clip.
"""

import argparse
import platform
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from bench._sides import Worker

SIDES: dict[str, dict[str, Any]] = {
    "published fp32": {"side": "published", "precision": "fp32"},
    "published autocast": {"side": "published", "precision": "autocast"},
    "ours fp32": {"side": "ours", "precision": "fp32"},
    "ours auto": {"side": "ours", "precision": "auto"},
}
# Through the extra `openvino`.
CPU_SIDES = {"ours auto, no compiler": {"side": "ours", "precision": "auto", "has_compiler": False}}
DECODED = 20  # framesets, one after the other
CLIP_FRAMES = 900
CLIP_BIT_RATE_BPS = 2_176_000  # what X declares for its 1280x720 variants
Answers = dict[str, list[dict[str, Any]]]


def main() -> None:
    args = _parser().parse_args()
    print(f"machine: {machine(args.device)}; {args.rounds} rounds, interleaved; batch {args.batch}\n")
    with tempfile.TemporaryDirectory(prefix="cakelens-bench-") as folder, ExitStack() as stack:
        from bench._sides import Worker, write_clip, write_weights

        weights = write_weights(Path(folder) / "v5.pth")
        clip = write_clip(Path(folder) / "clip.mp4", "1280x720", CLIP_FRAMES, bit_rate_bps=CLIP_BIT_RATE_BPS)
        grainy = write_clip(Path(folder) / "grainy.mp4", "1280x720", DECODED * 9)
        sides = SIDES | CPU_SIDES if args.device == "cpu" else SIDES
        workers = {
            name: stack.enter_context(Worker(weights=weights, device=args.device, **side))
            for name, side in sides.items()
        }
        measure(args, clip, grainy, workers)


def measure(args: argparse.Namespace, clip: Path, grainy: Path, workers: "dict[str, Worker]") -> None:
    """Print the table of the model, of decoding, and of whole clips where that takes no hour."""
    judged = list(range(40, 40 + args.batch))
    print_model(take_turns(args.rounds, workers, "judge", clip, judged), args.batch)
    decoded = list(range(DECODED))
    read = {name: workers[name] for name in ("published fp32", "ours fp32")}
    for what, path in (("at X's bit rate", clip), ("of 26 Mbit/s of grain", grainy)):
        answers = take_turns(args.rounds, read, "decode", path, decoded)
        print_pairs(f"decode + preprocess {what}", DECODED, answers)
    if args.device == "cpu":
        print("\nCUDA rows: not measured (run with --device cuda where there is one)")
        return
    whole = {name: workers[name] for name in ("published fp32", "ours auto")}
    print_pairs("whole clip", CLIP_FRAMES // 9, take_turns(args.rounds, whole, "detect", clip, []))


def take_turns(rounds: int, workers: "dict[str, Worker]", do: str, clip: Path, indices: list[int]) -> Answers:
    """Have each side do it once to warm up, then `rounds` times by turns."""
    answers: Answers = {name: [] for name in workers}
    for number in range(rounds + 1):
        for name, worker in workers.items():
            print(f"\r{do}: {name}, round {number} of {rounds}      ", end="", file=sys.stderr, flush=True)
            answer = worker.ask(do, clip, indices)
            if number:
                answers[name].append(answer)
    print("\r" + " " * 60 + "\r", end="", file=sys.stderr)
    return answers


def print_model(answers: Answers, batch: int) -> None:
    """Print one row a side: time, ratios, memory, and how far the logits lie from the published ones."""
    base = answers["published fp32"]
    print(
        "| per frameset | wall s | x | CPU s | x | peak memory GB | x | max logit difference / std | mean |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name, rows in answers.items():
        cells = [
            f"{median(rows, key) / batch:.3f} | {median(base, key) / median(rows, key):.2f}"
            for key in ("wall", "cpu")
        ]
        peak = f"{peak_bytes(rows) / 1e9:.2f} | {peak_bytes(rows) / peak_bytes(base):.2f}"
        worst, mean = differences(rows[-1]["result"], base[-1]["result"])
        print(f"| {name} | {' | '.join(cells)} | {peak} | {worst:.1e} | {mean:.1e} |")


def print_pairs(what: str, framesets: int, answers: Answers) -> None:
    (_, base), (_, ours) = answers.items()
    print(f"\n| {what}, per frameset | wall s | CPU s |\n|---|---|---|")
    for name, rows in answers.items():
        print(f"| {name} | {median(rows, 'wall') / framesets:.4f} | {median(rows, 'cpu') / framesets:.4f} |")
    ratios = [median(base, key) / median(ours, key) for key in ("wall", "cpu")]
    print(f"| ratio | {ratios[0]:.2f} | {ratios[1]:.2f} |")


def median(rows: list[dict[str, Any]], key: str) -> float:
    return statistics.median(float(row[key]) for row in rows)


def peak_bytes(rows: list[dict[str, Any]]) -> float:
    return max(float(row["peak_bytes"]) for row in rows)


def differences(logits: list[list[float]], expected: list[list[float]]) -> tuple[float, float]:
    """Give the largest and the mean absolute difference, in standard deviations of the expected logits."""
    spread = statistics.pstdev(value for row in expected for value in row)
    apart = [
        abs(a - b) / spread
        for ours, theirs in zip(logits, expected, strict=True)
        for a, b in zip(ours, theirs, strict=True)
    ]
    return max(apart), statistics.mean(apart)


def machine(device: str) -> str:
    import torch

    if device.startswith("cuda"):
        return f"{torch.cuda.get_device_name()}, torch {torch.__version__}"
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    name = next(_values(lines, "model name"), platform.processor() or platform.machine())
    fast = [flag for flag in ("avx512_bf16", "amx_bf16") if any(flag in line for line in lines)]
    return f"{name}, {torch.get_num_threads()} threads, {' '.join(fast)}, torch {torch.__version__}"


def _values(lines: list[str], key: str) -> Iterator[str]:
    return (
        value.strip() for name, _, value in (line.partition(":") for line in lines) if name.strip() == key
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=1)
    return parser


if __name__ == "__main__":
    main()
