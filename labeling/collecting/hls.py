"""Videos that X offers as HLS alone: playlists and segments through the guard, joined without re-encoding.

FFmpeg would follow whatever a playlist names. So it never sees one: segments are fetched here, one file
per track, and FFmpeg only moves the packets of those local files into one MP4.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urljoin

from labeling import storage
from labeling.collecting.answer import Media
from labeling.collecting.errors import DiskFull, NotAVideo, Truncated
from labeling.collecting.media import CHUNK, Watch, check_media, in_tries
from labeling.collecting.parts import PREFIX, Downloaded
from labeling.collecting.x import open_media

MAX_PLAYLIST_BYTES = 4 * 1024 * 1024
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,mpegts,aac"


@dataclass(frozen=True, slots=True)
class Segment:
    """A file, or `num_bytes` of one from `start` on."""

    url: str
    start: int = 0
    num_bytes: int | None = None


def download_hls(url: str, into_dir: Path, watch: Watch) -> Downloaded:
    """Fetch the tracks behind `url` (a playlist, and after `#audio=` that of its sound) and join them.

    Raises:
        Permanent: A part is gone, too large, encrypted, live, or no video.
        Transient: A part did not arrive. Nothing is kept.
    """
    playlists = url.split("#audio=", 1)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}hls-", dir=into_dir))
    try:
        tracks = [folder / f"track-{number}" for number in range(len(playlists))]
        num_bytes = 0
        for playlist, track in zip(playlists, tracks, strict=True):
            with track.open("wb") as file:
                num_bytes = _fetch_track(playlist, file, watch, num_bytes)
        joined = _join(url, tracks, folder / "joined.mp4", watch)
        path = joined.rename(into_dir / f"{folder.name}.mp4")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    with path.open("rb") as file:
        sha256 = storage.hash_file(file)
    return Downloaded(path, sha256, path.stat().st_size, "video/mp4")


def _fetch_track(playlist: str, file: BinaryIO, watch: Watch, num_before: int) -> int:
    """Write all segments one after the other; return the bytes of all tracks so far."""
    for segment in read_playlist(_fetch_text(playlist, watch), playlist):
        work = partial(_fetch_segment, segment, file, watch, num_before, begin=file.tell())
        in_tries(work, watch)
    return num_before + file.tell()


def _fetch_segment(segment: Segment, file: BinaryIO, watch: Watch, num_before: int, *, begin: int) -> None:
    file.seek(begin)  # behind it is what an earlier try left
    file.truncate()
    headers = {"Accept-Encoding": "identity"}
    if segment.num_bytes is not None:
        headers["Range"] = f"bytes={segment.start}-{segment.start + segment.num_bytes - 1}"
    with open_media(segment.url, headers, watch.settings) as answer:
        check_media(answer)
        expected = segment.num_bytes or _length(answer)
        while chunk := answer.read(watch.piece_bytes()):
            file.write(chunk)
            watch.received(len(chunk), num_before + file.tell(), None)
    found = file.tell() - begin
    if not found or (expected is not None and found != expected):
        raise Truncated(f"{segment.url} was cut off: {found} of {expected} bytes arrived.")


def _length(answer: Media) -> int | None:
    length = answer.headers.get("content-length") or ""
    return int(length) if length.isdecimal() else None


def _fetch_text(url: str, watch: Watch) -> str:
    with open_media(url, {}, watch.settings) as answer:
        if answer.status != 200:
            check_media(answer)
        text = b""
        while len(text) <= MAX_PLAYLIST_BYTES and (chunk := answer.read(CHUNK)):
            text += chunk
            watch.check_time()
    return text[:MAX_PLAYLIST_BYTES].decode(errors="replace")


def read_playlist(text: str, url: str) -> Iterator[Segment]:
    """Yield the segments of a media playlist at `url`, the one that begins the track first.

    Raises:
        NotAVideo: `text` is no playlist of a finished, open video.
    """
    _check_playlist(text, url)
    ends: dict[str, int] = {}
    byte_range = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("#EXT-X-MAP:"):
            attributes = dict(re.findall(r'([A-Z-]+)="([^"]*)"', line))
            yield _segment(urljoin(url, attributes.get("URI", "")), attributes.get("BYTERANGE", ""), ends)
        elif line.startswith("#EXT-X-BYTERANGE:"):
            byte_range = line.partition(":")[2]
        elif line and not line.startswith("#"):
            yield _segment(urljoin(url, line), byte_range, ends)
            byte_range = ""


def _check_playlist(text: str, url: str) -> None:
    if not text.lstrip("\ufeff").startswith("#EXTM3U") or "#EXTINF" not in text:
        raise NotAVideo(f"{url} is no playlist of a video.")
    if "#EXT-X-ENDLIST" not in text:
        raise NotAVideo(f"{url} is a live stream: it has no end yet.")
    if re.search(r"#EXT-X-KEY:(?!.*METHOD=NONE)", text):
        raise NotAVideo(f"{url} is encrypted.")


def _segment(url: str, byte_range: str, ends: dict[str, int]) -> Segment:
    """`byte_range` is "length[@start]"; without a start it follows on the last one of the same file."""
    found = re.fullmatch(r"(\d+)(?:@(\d+))?", byte_range)
    if not found:
        return Segment(url)
    start = int(found[2]) if found[2] else ends.get(url, 0)
    ends[url] = start + int(found[1])
    return Segment(url, start, int(found[1]))


def _join(url: str, tracks: list[Path], target: Path, watch: Watch) -> Path:
    import imageio_ffmpeg

    inputs: list[str] = []
    for track in tracks:
        inputs += ["-protocol_whitelist", "file", "-format_whitelist", FORMATS, "-i", f"file:{track}"]
    mapping = ["-map", "0:v:0", "-map", f"{len(tracks) - 1}:a:0?"]
    # Exact, so that the same segments give the same bytes, and so the same name, each time.
    output = ["-c", "copy", "-fflags", "+bitexact", "-map_metadata", "-1", "-movflags", "+faststart"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", *inputs, *mapping, *output]
    _run([*command, "-f", "mp4", f"file:{target}"], url, watch)
    return target


def _run(command: list[str], url: str, watch: Watch) -> None:
    seconds = max(60.0, watch.deadline_seconds)
    try:
        subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=seconds, check=True)
    except subprocess.TimeoutExpired as exc:
        raise NotAVideo(f"The tracks of {url} were not joined in {seconds:g} s.") from exc
    except subprocess.CalledProcessError as exc:
        if "No space left on device" in exc.stderr:
            raise DiskFull(f"No space is left to join the tracks of {url}.") from exc
        raise NotAVideo(f"The tracks of {url} do not join: {exc.stderr.strip()[-300:]}.") from exc
