"""Altered copies of a clip, as re-uploads are: one FFmpeg run a clip makes them all."""

import subprocess
from pathlib import Path

import av
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image, ImageDraw, ImageFont

# What is done to the picture (FFmpeg's filters), and how it is encoded.
COPIES: dict[str, tuple[str, str]] = {
    "re-encoded, good": ("null", "-crf 28"),
    "re-encoded, poor": ("null", "-crf 42"),
    "re-encoded, VP9": ("null", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 150k"),
    "resized to half": ("scale=iw/4*2:ih/4*2", "-crf 28"),
    "resized to 160 pixels wide": ("scale=160:-2", "-crf 30"),
    "squeezed to 4:3": ("scale=320:240,setsar=1", "-crf 28"),
    "10 frames a second": ("fps=10", "-crf 28"),
    "30 frames a second": ("fps=30", "-crf 28"),
    "brighter, less contrast": ("eq=brightness=0.08:contrast=0.85", "-crf 28"),
    "cropped, 5% in all": ("crop=iw*.95:ih*.95,scale=trunc(iw/2)*2:trunc(ih/2)*2", "-crf 28"),
    "cropped, 10% in all": ("crop=iw*.9:ih*.9,scale=trunc(iw/2)*2:trunc(ih/2)*2", "-crf 28"),
    "cropped, 20% in all": ("crop=iw*.8:ih*.8,scale=trunc(iw/2)*2:trunc(ih/2)*2", "-crf 28"),
    "cropped, lowest 10%": ("crop=iw:ih*.9:0:0,scale=trunc(iw/2)*2:trunc(ih/2)*2", "-crf 28"),
    "trimmed, first 0.4 s": ("trim=start=0.4,setpts=PTS-STARTPTS", "-crf 28"),
    "trimmed, middle 60%": ("trim=start={fifth}:end={four_fifths},setpts=PTS-STARTPTS", "-crf 28"),
    "watermark in a corner": ("movie={corner}[mark];[in][mark]overlay", "-crf 28"),
    "watermark all over": ("movie={tiled}[mark];[in][mark]overlay", "-crf 28"),
    "letterboxed": ("pad=iw:ih*1.5:0:ih*.25,scale=trunc(iw/2)*2:trunc(ih/2)*2", "-crf 28"),
    "cropped, trimmed, marked, poor": (
        "movie={corner}[mark];[in][mark]overlay,trim=start=0.3,setpts=PTS-STARTPTS,"
        "crop=iw*.94:ih*.94,scale=256:-2",
        "-crf 36",
    ),
}
# Not copies: made of one picture of the clip, as two generators are given one picture to set in motion.
RELATIVES: dict[str, tuple[str, str]] = {
    "one picture, zoomed into": ("select=eq(n\\,0),zoompan=z=1+on*.01:d=36:s=320x240:fps=12", "-crf 28"),
    "one picture, panned over": ("select=eq(n\\,0),zoompan=z=1.3:x=on*2:d=36:s=320x240:fps=12", "-crf 28"),
}
MORE_FRAMES = ("30 frames a second", *RELATIVES)
_PLAIN = ("-pix_fmt", "yuv420p", "-an", "-threads", "1")


def make_copies(path: Path, folder: Path) -> dict[str, Path]:
    """Write every altered copy of a clip, and its relatives; return them by name."""
    folder.mkdir(parents=True, exist_ok=True)
    with av.open(str(path)) as container:
        size = container.streams.video[0].width, container.streams.video[0].height
        seconds = (container.duration or 0) / av.time_base
    words = {"fifth": f"{seconds * 0.2:.3f}", "four_fifths": f"{seconds * 0.8:.3f}", **_marks(size, folder)}
    made: dict[str, Path] = {}
    # What makes more frames than it is given stalls the other outputs of one FFmpeg: those run alone.
    alone = {name: how for name, how in (COPIES | RELATIVES).items() if name in MORE_FRAMES}
    together = {name: how for name, how in COPIES.items() if name not in alone}
    for altered in (together, *({name: how} for name, how in alone.items())):
        command = [get_ffmpeg_exe(), "-v", "error", "-y", "-threads", "1", "-i", str(path)]
        for name, (filters, encoding) in altered.items():
            made[name] = folder / f"{len(made):02}.{'webm' if 'vp9' in encoding else 'mp4'}"
            encoder = encoding if "-c:v" in encoding else f"-c:v libx264 -preset ultrafast {encoding}"
            command += ["-vf", filters.format(**words), *encoder.split(), *_PLAIN, str(made[name])]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=120)
    return made


def _marks(size: tuple[int, int], folder: Path) -> dict[str, str]:
    """Draw a solid mark in a corner, and one all over the picture that lets most of it through."""
    font = ImageFont.load_default(size=max(12, size[1] // 14))
    corner, tiled = Image.new("RGBA", size), Image.new("RGBA", size)
    ImageDraw.Draw(corner).text((size[0] * 0.62, size[1] * 0.86), "@reuploads", "#ffffffe0", font)
    for row in range(4):
        for column in range(3):
            place = (size[0] * (column + 0.1) / 3, size[1] * (row + 0.4) / 4)
            ImageDraw.Draw(tiled).text(place, "preview", "#ffffff60", font)
    paths = {"corner": folder / "corner.png", "tiled": folder / "tiled.png"}
    corner.save(paths["corner"])
    tiled.save(paths["tiled"])
    return {name: str(path) for name, path in paths.items()}
