"""What v5 and v6 learn from equal data: synthetic clips that only their motion tells apart.

Both see the same videos in the same order, as often, through the same training path, with a 128-pixel window
(512 with `--window 512`, where there is a GPU). Slow: v5 takes seconds a sample on a CPU.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def main() -> None:
    args = _parser().parse_args()
    from config.ffmpeg import use_libraries

    use_libraries()
    from bench._setup import machine
    from bench._synthetic import synthetic_batch

    print(f"machine: {machine()}")
    print(f"{args.clips} clips, {args.steps} steps of {args.minibatch_size}, window {args.window}\n")
    with tempfile.TemporaryDirectory(prefix="cakelens-bench-") as name:
        clips = args.folder or Path(name) / "clips"
        batch = synthetic_batch(clips, args.clips)
        print("| model | loss, first and last tenth | test AUC of AI_GEN | 95% | metadata alone | seconds |")
        print("|---|---|---|---|---|---|")
        for model in ("v6", "v5"):
            print(row_of(model, batch, clips, Path(name) / model, args), flush=True)


def row_of(model: str, batch: object, clips: Path, out: Path, args: argparse.Namespace) -> str:
    from training.batches.manifest import Manifest
    from training.config import preset
    from training.learning.trainer import Trainer

    config = preset(
        model,
        window=args.window,
        steps=args.steps,
        minibatch_size=args.minibatch_size,
        validate_every=max(args.steps // 3, 1),
        checkpoint_every=args.steps,
        eval_framesets=2,
        num_workers=args.num_workers,
        resize=False,
        compress=0.0,
        ema_decay=0.9,
        device=args.device,
    )
    assert isinstance(batch, Manifest)
    begun = time.monotonic()
    trainer = Trainer(config, batch, clips, out)
    list(trainer.run())
    result = trainer.result
    assert result is not None
    low, high = result.ai_gen["auc_interval"]
    losses = f"{result.loss_first:.3f} → {result.loss_last:.3f}"
    scores = f"{result.ai_gen['auc']:.3f} | {low:.2f}–{high:.2f} | {result.baseline['auc']:.3f}"
    return f"| {model} | {losses} | {scores} | {time.monotonic() - begun:.0f} |"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--clips", type=int, default=160)
    parser.add_argument("--steps", type=int, default=48)
    parser.add_argument("--minibatch-size", type=int, default=8)
    parser.add_argument("--window", type=int, default=128)
    parser.add_argument("--num-workers", type=int, default=0)
    parser.add_argument("--device", default=None)
    parser.add_argument("--folder", type=Path, help="Keep the clips there.")
    return parser


if __name__ == "__main__":
    main()
