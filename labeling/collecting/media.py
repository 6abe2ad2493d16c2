"""Download one file of X's: resumed, hashed while it streams, capped, timed, and looked at.

yt-dlp's own downloader calls a web page saved as .mp4 a success, goes on from a damaged part, and fails
for ever on a part that is complete (yt-dlp#12994); so the loop is ours, over the same guarded requests.
Loads yt_dlp: tasks import this module where they use it.
"""

import errno
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from labeling.collecting import reasons
from labeling.collecting.answer import Media
from labeling.collecting.config import XSettings
from labeling.collecting.errors import (
    CollectError,
    DiskFull,
    MediaGone,
    NetworkError,
    NotAVideo,
    RateLimited,
    ServerError,
    TooLarge,
    Truncated,
)
from labeling.collecting.parts import Downloaded, Part
from labeling.collecting.x import open_media

CHUNK = 256 * 1024
SECONDS_BETWEEN_BEATS = 1.0
WEBM = b"\x1a\x45\xdf\xa3"
BOXES = {b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide"}
"""What an MP4 file may begin with, after four bytes of length."""

NO_MEDIA = re.compile(r"text/|application/(json|xml|xhtml)|image/", re.IGNORECASE)
RESUMED, COMPLETE = 206, 416

OnBytes = Callable[[int, int | None], object]
"""Called with the bytes there are and the whole, if known: first, every second or so, and last. What it
raises ends the download and passes through; what has arrived is kept."""


@dataclass(slots=True)
class Watch:
    """What a download keeps an eye on: its caller, the clock, the cap and the rate."""

    settings: XSettings
    on_bytes: OnBytes | None
    max_bytes: int
    deadline_seconds: float
    _started_at: float = field(default_factory=time.monotonic)
    _beaten_at: float = 0.0
    _known: tuple[int, int | None] = (0, None)
    _num_received: int = 0

    def piece_bytes(self) -> int:
        """Return how much to read at once: no more than the rate allows in a second."""
        return min(CHUNK, self.settings.bytes_per_second or CHUNK)

    def received(self, num_new: int, num_bytes: int, total: int | None) -> None:
        """Note a piece: keep the cap, the deadline and the rate, and tell the caller now and then."""
        self.check_size(num_bytes)
        self.check_time()
        now = time.monotonic()
        if now - self._beaten_at >= SECONDS_BETWEEN_BEATS:
            self.beat(num_bytes, total)
        self._known = (num_bytes, total)
        self._num_received += num_new
        if rate := self.settings.bytes_per_second:
            time.sleep(max(0.0, min(1.0, self._num_received / rate - (now - self._started_at))))

    def beat(self, num_bytes: int, total: int | None) -> None:
        self._beaten_at = time.monotonic()
        self._known = (num_bytes, total)
        if self.on_bytes:
            self.on_bytes(num_bytes, total)

    def pause(self) -> None:
        """Wait before another try; tell the caller, whose lease has seen a silence."""
        self.beat(*self._known)
        time.sleep(self.settings.pause)

    def check_size(self, num_bytes: int) -> None:
        if num_bytes > self.max_bytes:
            raise TooLarge(f"The file is larger than {self.max_bytes:,} bytes.")

    def check_time(self) -> None:
        if self.is_over():
            raise NetworkError(f"The download took longer than {self.deadline_seconds:g} s.")

    def is_over(self) -> bool:
        return time.monotonic() - self._started_at > self.deadline_seconds


def download(
    url: str,
    into_dir: Path,
    *,
    settings: XSettings,
    on_bytes: OnBytes | None = None,
    max_bytes: int,
    deadline_seconds: float = 3600,
) -> Downloaded:
    """Fetch the file at `url`; of an HLS playlist the video it stands for, as MP4.

    Raises:
        Permanent: The file is gone, too large, or no video. Nothing is left of it.
        Transient: It did not arrive whole. What has arrived is kept in `into_dir` for the next call,
            but for `DiskFull`, which leaves nothing.
    """
    watch = Watch(settings, on_bytes, max_bytes, deadline_seconds)
    try:
        into_dir.mkdir(parents=True, exist_ok=True)
        if is_playlist(url):
            from labeling.collecting.hls import download_hls

            return download_hls(url, into_dir, watch)
        with Part(into_dir, url) as part:
            in_tries(lambda: _fetch_rest(part, url, watch), watch)
            return part.finish(".mp4")
    except OSError as exc:
        if exc.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFull(f"No space is left in {into_dir}.") from exc


def is_playlist(url: str) -> bool:
    return re.split(r"[?#]", url, maxsplit=1)[0].endswith(".m3u8")


def in_tries(work: Callable[[], None], watch: Watch) -> None:
    """Do `work` until it succeeds, as often as the settings allow; a network may fail in between."""
    for tries_left in reversed(range(watch.settings.tries)):
        try:
            work()
            break
        except (NetworkError, ServerError, Truncated):
            if not tries_left or watch.is_over():
                raise
            watch.pause()


def _fetch_rest(part: Part, url: str, watch: Watch) -> None:
    headers = {"Accept-Encoding": "identity"}
    if part.num_bytes:
        headers |= {"Range": f"bytes={part.num_bytes}-", "If-Range": part.validator}
    with open_media(url, headers, watch.settings) as answer:
        total = _begin(part, answer)
        watch.check_size(total or 0)
        watch.beat(part.num_bytes, total)
        is_known = False
        while answer.status != COMPLETE and (chunk := answer.read(watch.piece_bytes())):
            part.append(chunk)
            is_known = is_known or _is_video(part, url)
            watch.received(len(chunk), part.num_bytes, total)
    _check_whole(part, url, total)
    watch.beat(part.num_bytes, total)


def _begin(part: Part, answer: Media) -> int | None:
    """Make the part fit the answer; return how long the whole file is, if X says so."""
    place = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+)", answer.headers.get("content-range") or "")
    if answer.status == RESUMED and place and int(place[1] or -1) == part.num_bytes:
        return int(place[2])
    if answer.status == COMPLETE and place and int(place[2]) == part.num_bytes:
        return part.num_bytes
    if answer.status in (RESUMED, COMPLETE):
        part.restart("")
        raise Truncated(f"X answered with another part of {answer.url} than was asked for.")
    check_media(answer)
    part.restart(_validator(answer))
    part.content_type = answer.headers.get("content-type") or ""
    length = answer.headers.get("content-length") or ""
    return int(length) if length.isdecimal() else None


def check_media(answer: Media) -> None:
    """Let an answer pass whose body may be a video.

    Raises:
        CollectError: What the status, or the declared type, says instead.
    """
    if answer.status not in (200, RESUMED):
        raise _refused(answer)
    content_type = answer.headers.get("content-type") or ""
    if NO_MEDIA.match(content_type):
        raise NotAVideo(f"X sent {content_type.partition(';')[0]} instead of a video at {answer.url}.")


def _refused(answer: Media) -> CollectError:
    if answer.status == 429:
        retry_at = reasons.limit_end(answer.headers)
        return RateLimited(f"X refused {answer.url}: too many requests.", retry_at=retry_at)
    kind = ServerError if answer.status >= 500 else MediaGone
    return kind(f"X answered {answer.status} for {answer.url}.")


def _validator(answer: Media) -> str:
    """Return what tells this file from a later one at the same address; a weak ETag does not."""
    etag = answer.headers.get("etag") or ""
    return etag if etag.startswith('"') else answer.headers.get("last-modified") or ""


def _is_video(part: Part, url: str) -> bool:
    """Tell whether the first bytes are a video's; False as long as there are too few."""
    head = part.head()
    if len(head) < 8:
        return False
    if head[4:8] not in BOXES and not head.startswith(WEBM):
        raise NotAVideo(f"What X sent for {url} begins with {head!r}, as no video does.")
    return True


def _check_whole(part: Part, url: str, total: int | None) -> None:
    if total is not None and part.num_bytes < total:
        raise Truncated(f"{url} was cut off: {part.num_bytes:,} of {total:,} bytes arrived.")
    if part.num_bytes < 8:
        raise Truncated(f"{url} is empty.")
