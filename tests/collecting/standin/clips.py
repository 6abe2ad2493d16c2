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


def make_hls(folder: Path, *, segments: str) -> None:
    """Write `master.m3u8` and all it needs: "fmp4" with the sound apart, or "mpegts" with it inside."""
    folder.mkdir()
    clip = make_clip(folder / "whole.mp4", size="160x90", seconds=3, sound=True, options=("-g", "10"))
    tracks = {"video": ("-map", "0:v"), "audio": ("-map", "0:a")} if segments == "fmp4" else {"video": ()}
    for track, mapping in tracks.items():
        (folder / track).mkdir()
        names = ("-hls_fmp4_init_filename", "init.mp4") if segments == "fmp4" else ()
        hls = ("-f", "hls", "-hls_time", "1", "-hls_playlist_type", "vod", "-hls_segment_type", segments)
        ffmpeg("-i", clip, *mapping, "-c", "copy", *hls, *names, folder / track / "list.m3u8")
    sound = '#EXT-X-MEDIA:NAME="Audio",TYPE=AUDIO,GROUP-ID="a",AUTOSELECT=YES,URI="audio/list.m3u8"\n'
    group, codecs = (
        (',AUDIO="a"', "mp4a.40.2,avc1.4D401E") if "audio" in tracks else ("", "avc1.4D401E,mp4a.40.2")
    )
    stream = (
        f'#EXT-X-STREAM-INF:BANDWIDTH=950000,RESOLUTION=160x90,CODECS="{codecs}"{group}\nvideo/list.m3u8\n'
    )
    (folder / "master.m3u8").write_text(f"#EXTM3U\n#EXT-X-VERSION:6\n{sound if group else ''}{stream}")
