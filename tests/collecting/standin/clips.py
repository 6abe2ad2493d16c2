"""Small real videos, made with FFmpeg."""

import subprocess
from pathlib import Path

import imageio_ffmpeg


def ffmpeg(*arguments: str | Path) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def make_clip(
    path: Path,
    *,
    size: str = "64x48",
    seconds: float = 1,
    rate: int = 10,
    picture: str = "testsrc",
    filters: str = "null",
    sound: bool = False,
    options: tuple[str, ...] = ("-movflags", "+faststart"),
) -> Path:
    """Write one clip; the ending of `path` chooses the container. `picture` is a source of lavfi's."""
    separator = ":" if "=" in picture else "="
    video = ("-f", "lavfi", "-i", f"{picture}{separator}s={size}:r={rate}:d={seconds},{filters}")
    audio = ("-f", "lavfi", "-i", f"sine=d={seconds}") if sound else ()
    ffmpeg(*video, *audio, "-pix_fmt", "yuv420p", *options, path)
    return path
