"""Clips that only their motion tells apart: what the demo and the tests of learning train on.

Everything in a picture glides. In filmed clips it glides on, in generated ones it goes back and forth with
steps of the same size, so a single picture, a pair of pictures and every fact about the file are alike:
size, rate, length, codec and, by filler that decoders skip, the number of bytes.
"""

import csv
import multiprocessing
import os
import signal
from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from cakelens.files import written_whole
from cakelens.labels import Label
from training.demo import scenes
from training.evaluating.encoding import write_clip

SOURCE = "CakeLens, synthetic"
MAKERS: tuple[Label | None, ...] = (Label.KLING, Label.VEO, None)
"""Who is said to have made a generated clip, in turn; None: nobody knows."""

# Frames from one turn to the next. KLING's clips turn more often than VEO's, so there is that to learn too.
_RUNS: dict[Label | None, tuple[int, ...]] = {Label.KLING: (2,), Label.VEO: (3,), None: (2, 3)}
_COLUMNS = ("file", "ai_gen", "kling", "veo", "source")


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip and the truth about it."""

    path: Path
    is_ai_gen: bool
    maker: Label | None = None

    def truth(self) -> dict[str, str]:
        """Give its line of videos.csv; an empty label was not judged."""
        makers = {"kling": self._made_by(Label.KLING), "veo": self._made_by(Label.VEO)}
        return {"file": self.path.name, "ai_gen": str(int(self.is_ai_gen)), **makers, "source": SOURCE}

    def _made_by(self, label: Label) -> str:
        return "" if self.is_ai_gen and self.maker is None else str(int(self.maker == label))


def make_clips(
    folder: Path, count: int, seed: int = 0, *, processes: int | None = None
) -> Generator[Clip, None, None]:
    """Make `count` clips, every other one generated, and yield each when its file is whole.

    The same seed gives the same clips. `videos.csv` is written last: a folder that has one is complete.
    """
    if count < 1:
        raise ValueError(f"count must be >= 1, got {count}")
    folder.mkdir(parents=True, exist_ok=True)
    clips = [_planned(folder, index) for index in range(count)]
    # Fresh processes: a fork of one with threads, or with a connection to a database, is a trap.
    context = multiprocessing.get_context("spawn")
    workers = processes or os.cpu_count() or 1
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_ignore_interrupt) as pool:
        try:
            yield from pool.map(partial(make_clip, seed=seed), clips, chunksize=4)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    _write_truth(folder / "videos.csv", clips)


def make_clip(clip: Clip, *, seed: int) -> Clip:
    """Draw one clip and write its file."""
    rng = np.random.default_rng([seed, int(clip.path.stem.rpartition("-")[2])])
    runs = _RUNS[clip.maker] if clip.is_ai_gen else None
    write_clip(clip.path, scenes.draw(rng, runs))
    return clip


def _planned(folder: Path, index: int) -> Clip:
    """Say what clip `index` will be; its name tells nothing."""
    is_ai_gen = index % 2 == 1
    maker = MAKERS[index // 2 % len(MAKERS)] if is_ai_gen else None
    return Clip(folder / f"clip-{index:04d}.mp4", is_ai_gen, maker)


def _write_truth(path: Path, clips: list[Clip]) -> None:
    with written_whole(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(clip.truth() for clip in clips)


def _ignore_interrupt() -> None:
    """Leave Ctrl-C to the parent, which ends the pool in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
