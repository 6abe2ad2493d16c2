"""What a video file really is: read and decoded with PyAV, never believed.

Declared sizes, bit rates and types are often wrong, and a file that came from outside may be anything: a
web page named .mp4, or a playlist that makes FFmpeg open other files and addresses. So only containers
that browsers play are opened, only through the file protocol, and nothing counts that does not decode.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.container import InputContainer
from av.error import ArgumentError, FFmpegError
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image, ImageStat

from labeling.collecting.errors import NotAVideo

if TYPE_CHECKING:
    from av.packet import Packet  # generic in its annotations only

CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"
MAX_PIXELS = 8192 * 8192
FRAMES_DECODED = 24
"""Frames decoded from the first key frame, and again from the last one, as proof."""

MISSING_SECONDS = 1.0
"""How much of the declared length may be absent where the header counts no frames (WebM)."""

MAX_POSTER_SIDE = 640
POSTER_POSITIONS = (0.1, 0.3, 0.5, 0.7, 0.9, 0.0)
MAX_FRAMES_TO_POSTER = 300
SAMPLES_PER_SECOND = 8
MAX_SAMPLED_SECONDS = 60
SAMPLE_SIDE = 128
_FAST_ENOUGH_TO_SKIP = 23
"""Frames a second from which on the frames that no other needs are left undecoded: half are enough."""

MIN_BRIGHTNESS = 24
MIN_CONTRAST = 8


@dataclass(frozen=True, slots=True)
class Probe:
    """One video file as decoded.

    `width` and `height` are those of the picture as shown, after `rotation` (degrees clockwise: 0, 90,
    180 or 270). `num_frames` counts the frames a player shows, without those an edit list cuts off.
    `bit_rate_bps` is that of the video stream alone, counted from its packets. `container` is FFmpeg's
    name of the family: "mov,mp4,m4a,3gp,3g2,mj2" or "matroska,webm".
    """

    width: int
    height: int
    fps: float
    codec: str
    bit_rate_bps: int
    num_frames: int
    duration_seconds: float
    has_audio: bool
    rotation: int
    container: str


@dataclass(slots=True)
class _Tally:
    """What the packets of a video stream add up to; times in its time base."""

    num_packets: int = 0
    num_frames: int = 0
    num_bytes: int = 0
    start: int | None = None
    end: int = 0
    last_key: int = 0
    is_corrupt: bool = False

    def add(self, packet: "Packet[Any]") -> None:
        self.num_packets += 1
        self.is_corrupt |= packet.is_corrupt
        pts = packet.pts if packet.pts is not None else packet.dts or 0
        self.last_key = pts if packet.is_keyframe else self.last_key
        if not packet.is_discard:
            self.num_frames += 1
            self.num_bytes += packet.size
            self.start = pts if self.start is None else min(self.start, pts)
            self.end = max(self.end, pts + (packet.duration or 0))


def probe(path: Path) -> Probe:
    """Read every packet and decode the beginning and the end of the file.

    Raises:
        NotAVideo: The file is no video, is cut off, or does not decode.
    """
    with _opened(path) as (container, stream):
        tally = _read_packets(path, container, stream)
        first = _decode_from(path, container, stream, tally.start or 0)
        _decode_from(path, container, stream, tally.last_key)
        fps, seconds = _rate_and_length(stream, tally)
        rotation = -first.rotation % 360
        sides = (first.width, first.height)
        width, height = sides[::-1] if rotation in (90, 270) else sides
        return Probe(
            width=width,
            height=height,
            fps=fps,
            codec=stream.codec.canonical_name,
            bit_rate_bps=round(tally.num_bytes * 8 / seconds),
            num_frames=tally.num_frames,
            duration_seconds=seconds,
            has_audio=bool(container.streams.audio),
            rotation=rotation,
            container=container.format.name,
        )


def make_poster(path: Path) -> bytes:
    """Return a JPEG, at most 640 pixels on its longer side, of a frame that is not black.

    The first of a few frames over the clip that is bright and varied enough is taken; a clip without any
    (night, fades) gives the most varied of them.

    Raises:
        NotAVideo: No frame decodes.
    """
    best, best_contrast = None, -1.0
    with _opened(path) as (container, stream):
        for position in POSTER_POSITIONS:
            picture = _picture(_frame_at(path, container, stream, position))
            brightness, contrast = _brightness_and_contrast(picture)
            if contrast > best_contrast:
                best, best_contrast = picture, contrast
            if brightness >= MIN_BRIGHTNESS and contrast >= MIN_CONTRAST:
                return _jpeg(picture)
    assert best is not None  # there are positions, and a frame that fails has raised
    return _jpeg(best)


def grey_frames(path: Path) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Yield (seconds from the first frame, grey picture squeezed to 128 x 128) eight times a second.

    Of the first minute only, and as far as the file decodes.

    Raises:
        NotAVideo: The file cannot be opened.
    """
    with _opened(path) as (container, stream), suppress(FFmpegError):
        if float(stream.average_rate or 0) > _FAST_ENOUGH_TO_SKIP:
            stream.codec_context.skip_frame = "NONREF"
        first, due = None, 0.0
        for frame in container.decode(stream):
            first = frame.time or 0.0 if first is None else first
            seconds = (frame.time or 0.0) - first
            if seconds > MAX_SAMPLED_SECONDS:
                return
            if seconds + 0.01 >= due:  # times are rounded to the file's time base
                due = (int((seconds + 0.01) * SAMPLES_PER_SECOND) + 1) / SAMPLES_PER_SECOND
                yield seconds, _grey(frame)


def _grey(frame: VideoFrame) -> NDArray[np.uint8]:
    small = frame.reformat(SAMPLE_SIDE, SAMPLE_SIDE, "gray", interpolation="AREA")
    picture_HW: NDArray[np.uint8] = np.rot90(small.to_ndarray(), frame.rotation // 90)
    return picture_HW


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    if not path.stat().st_size:
        raise NotAVideo(f"{path.name} is empty.")
    options = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS}
    try:
        with av.open(f"file:{path}", container_options=options) as container:
            yield container, _video_stream(path, container)
    except ArgumentError as exc:  # what the white list of containers answers
        raise NotAVideo(f"{path.name} is no MP4, MOV, MKV or WebM file.") from exc
    except FFmpegError as exc:
        raise NotAVideo(f"{path.name} cannot be read as a video: {exc.strerror}.") from exc


def _video_stream(path: Path, container: InputContainer) -> VideoStream:
    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream) or stream.disposition & Disposition.attached_pic:
        raise NotAVideo(f"{path.name} has no video stream.")
    width, height = stream.codec_context.width, stream.codec_context.height
    if width * height > MAX_PIXELS:
        raise NotAVideo(f"{path.name} has frames of {width} x {height}, more than {MAX_PIXELS} pixels.")
    return stream


def _read_packets(path: Path, container: InputContainer, stream: VideoStream) -> _Tally:
    tally, end_seconds = _Tally(), 0.0
    for packet in container.demux():
        if packet.size and packet.pts is not None:
            end_seconds = max(end_seconds, float(packet.pts * packet.time_base))
        if packet.size and packet.stream_index == stream.index:
            tally.add(packet)
    if not tally.num_frames:
        raise NotAVideo(f"{path.name} holds no frame.")
    if tally.num_packets < stream.frames or tally.is_corrupt:
        raise NotAVideo(f"{path.name} is cut off: {tally.num_packets} of {stream.frames} frames are there.")
    declared_seconds = (container.duration or 0) / av.time_base
    if not stream.frames and end_seconds < declared_seconds - MISSING_SECONDS:
        raise NotAVideo(f"{path.name} is cut off: {end_seconds:.1f} of {declared_seconds:.1f} s are there.")
    return tally


def _decode_from(path: Path, container: InputContainer, stream: VideoStream, pts: int) -> VideoFrame:
    """Decode a stretch that starts at the key frame at or before `pts`; return its first frame."""
    container.seek(pts, stream=stream)
    first = None
    for frame in islice(container.decode(stream), FRAMES_DECODED):
        first = first or frame
    if first is None:
        raise NotAVideo(f"{path.name} holds no frame that decodes.")
    return first


def _rate_and_length(stream: VideoStream, tally: _Tally) -> tuple[float, float]:
    """Return frames per second and seconds; a lone frame without a length lasts 1/25 s."""
    rate = stream.average_rate or stream.guessed_rate or 25
    seconds = float((tally.end - (tally.start or 0)) * (stream.time_base or 0))
    return float(rate), seconds or tally.num_frames / float(rate)


def _frame_at(path: Path, container: InputContainer, stream: VideoStream, position: float) -> VideoFrame:
    """Decode forward from the key frame before `position` (0..1 of the clip) to a frame near it."""
    length = (container.duration or 0) / av.time_base
    start = float((stream.start_time or 0) * (stream.time_base or 0))
    seconds = start + length * position
    container.seek(int(seconds / float(stream.time_base or 1)), stream=stream)
    found = None
    for found in islice(container.decode(stream), MAX_FRAMES_TO_POSTER):
        if (found.time or 0.0) >= seconds:
            break
    if found is None:
        raise NotAVideo(f"{path.name} holds no frame that decodes.")
    return found


def _picture(frame: VideoFrame) -> Image.Image:
    picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
    picture.thumbnail((MAX_POSTER_SIDE, MAX_POSTER_SIDE))
    return picture.rotate(frame.rotation, expand=True)


def _brightness_and_contrast(picture: Image.Image) -> tuple[float, float]:
    statistics = ImageStat.Stat(picture.convert("L"))
    return statistics.mean[0], statistics.stddev[0]


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=82, optimize=True, progressive=True)
    return out.getvalue()
