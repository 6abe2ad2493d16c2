"""The compression ladder: the same test videos, encoded worse and worse, as re-uploads are."""

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from cakelens.decoding import UnreadableVideo
from cakelens.detect import Detector
from training.batches.rows import ManifestRow
from training.dataset import Unreadable
from training.evaluate import VideoScore

RUNGS = (28, 36, 44)
"""x264's scale: a good re-upload, a poor one, one that is hardly watchable."""


def score_rung(
    detector: Detector, rows: Sequence[ManifestRow], media_dir: Path, *, quality: int, framesets: int
) -> Iterator[VideoScore | Unreadable]:
    """Yield the score of each video after one more encoding at `quality`."""
    with tempfile.TemporaryDirectory(prefix="cakelens-ladder-") as folder:
        copy = Path(folder) / "copy.mp4"
        for row in rows:
            try:
                _encode(media_dir / row.best_variant.name, copy, quality)
                verdict = detector.detect(copy, framesets=framesets)
            except (UnreadableVideo, subprocess.CalledProcessError) as exc:
                yield Unreadable(row.video, str(exc))
            else:
                yield VideoScore(row, tuple(verdict.predictions))


def _encode(source: Path, copy: Path, quality: int) -> None:
    """Write `source` as H.264 once more; odd sides lose a pixel, which the format cannot hold."""
    from imageio_ffmpeg import get_ffmpeg_exe

    even = "scale=trunc(iw/2)*2:trunc(ih/2)*2"
    options = ["-vf", even, "-c:v", "libx264", "-preset", "veryfast", "-crf", str(quality), "-an"]
    command = [get_ffmpeg_exe(), "-v", "error", "-y", "-i", str(source), *options, "-pix_fmt", "yuv420p"]
    subprocess.run([*command, str(copy)], check=True, stdin=subprocess.DEVNULL, timeout=600)
