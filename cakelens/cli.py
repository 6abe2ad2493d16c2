"""The `cakelens` command: judge one video and say so."""

import argparse
import json
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cakelens.errors import CakeLensError
from cakelens.files import written_whole
from cakelens.labels import V5_LABELS

if TYPE_CHECKING:
    from cakelens.data_types import Verdict
    from cakelens.detect import Progress
    from cakelens.model import Model

logger = logging.getLogger("cakelens")


class OutputNotWritable(CakeLensError):
    """The file of `--output` cannot be written."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command and exit: 0 done, 1 bad input or trouble, 2 wrong usage, 130 on Ctrl-C."""
    args = _parser().parse_args(argv)
    _set_up_logging(args.verbose)
    try:
        _run(args)
    except CakeLensError as exc:
        _fail(str(exc), verbose=args.verbose)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as exc:  # noqa: BLE001  # the outermost loop of the command: one line, the rest with -v
        _fail(f"{args.video_path}: {type(exc).__name__}: {exc}", verbose=args.verbose)


def _fail(message: str, *, verbose: bool) -> None:
    if verbose:
        logger.exception("Detection failed")
    print(f"cakelens: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(1)


def _run(args: argparse.Namespace) -> None:
    if args.output is not None:
        _check_writable(args.output)
    _check_video(args.video_path)
    from cakelens.detect import Detector

    model = _load_model(args.model_path)
    detector = Detector(model, batch_size=args.batch_size, device=args.device, precision=args.precision)
    with _progress() as on_frameset:
        verdict = detector.detect(
            args.video_path, args.framesets, stop_threshold=args.stop_at, on_frameset=on_frameset
        )
    _print_verdict(verdict)
    if args.output is not None:
        _write_json(args.output, as_json(verdict))
        print(f"\nResults saved to: {args.output}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cakelens", description="Detect AI-generated content in a video.")
    add = parser.add_argument
    add("video_path", type=Path, metavar="VIDEO", help="the video to judge")
    add(
        "--model-path",
        type=Path,
        help="weights, .safetensors or .pth (default: v5 from the Hugging Face Hub)",
    )
    add("--batch-size", type=_positive, default=1, help="framesets judged at once (default: 1)")
    add("--device", help="cpu, cuda (also ROCm) or mps (default: the best there is)")
    add("--precision", choices=["fp32", "auto"], default="fp32", help="auto: bf16 where that is fast")
    add(
        "--framesets",
        type=_framesets,
        default="all",
        metavar="N|all",
        help="judge a sample of N framesets, an estimate with a standard error (default: all)",
    )
    add(
        "--stop-at",
        type=_probability,
        metavar="P",
        help="with --framesets N: stop once AI_GEN's 95%% interval lies on one side of P",
    )
    add("--verbose", "-v", action="store_true", help="log each step, and tracebacks")
    add("--output", type=Path, help="write the result as JSON to this file")
    return parser


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number >= 1, got {text!r}")
    return number


def _framesets(text: str) -> int | Literal["all"]:
    return "all" if text == "all" else _positive(text)


def _probability(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"must be between 0 and 1, got {text!r}")
    return value


def _set_up_logging(verbose: bool) -> None:
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(asctime)s - %(name)s - %(levelname)s - %(message)s",
        stream=sys.stderr,
    )


def _load_model(path: Path | None) -> "Model":
    from cakelens import weights

    return weights.load_model(path if path is not None else weights.download_v5())


def _check_video(path: Path) -> None:
    """Refuse a video that cannot be opened before a gigabyte of weights is read."""
    from cakelens.decoding import VideoReader

    VideoReader(path)


@contextmanager
def _progress() -> "Iterator[Progress | None]":
    """Draw a bar on a terminal; elsewhere there is nobody to watch."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("Judging framesets"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _print_verdict(verdict: "Verdict") -> None:
    print("\n" + "=" * 50 + "\nDETECTION RESULTS\n" + "=" * 50)
    print(f"Video: {verdict.video_filepath}")
    print(f"Frame count: {verdict.frame_count:,}")
    if verdict.mode != "all":
        print(f"Framesets: {len(verdict.frameset_indices)} sampled of {verdict.num_framesets} (an estimate)")
    print("\nPredictions:")
    for label, probability, error in zip(
        V5_LABELS, verdict.predictions, verdict.standard_errors, strict=True
    ):
        margin = f" ± {error * 100:.2f}" if verdict.mode != "all" else ""
        print(f"  {label:15s}: {probability * 100:6.2f}%{margin}")


def as_json(verdict: "Verdict") -> dict[str, Any]:
    """Give the result as the published command writes it, in percent, with what we add.

    Added: `mode`, `num_framesets`, `standard_errors` and one entry per frameset with its time.
    """
    framesets = zip(
        verdict.frameset_indices,
        verdict.frameset_starts_seconds,
        verdict.frameset_scores_FL.tolist(),
        strict=True,
    )
    return {
        "video_filepath": str(verdict.video_filepath),
        "frame_count": verdict.frame_count,
        "predictions": _percent(verdict.predictions),
        "standard_errors": _percent(verdict.standard_errors),
        "mode": verdict.mode,
        "num_framesets": verdict.num_framesets,
        "framesets": [
            {"index": index, "start_seconds": start, "predictions": _percent(scores)}
            for index, start, scores in framesets
        ],
    }


def _percent(values: Sequence[float]) -> dict[str, float]:
    return {label.value: value * 100.0 for label, value in zip(V5_LABELS, values, strict=True)}


def _check_writable(path: Path) -> None:
    if path.is_dir():
        raise OutputNotWritable(f"{path}: is a directory; give --output a file")
    if not os.access(path.parent, os.W_OK):
        raise OutputNotWritable(f"{path}: cannot be written; {path.parent} is missing or read-only")


def _write_json(path: Path, result: dict[str, Any]) -> None:
    """Write the result whole or not at all."""
    try:
        with written_whole(path) as temporary:
            temporary.write_text(json.dumps(result, indent=2))
    except OSError as exc:
        raise OutputNotWritable(f"{path}: cannot be written ({exc.strerror})") from exc
