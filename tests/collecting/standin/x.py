"""The stand-in as tests and benches use it: add posts, ask for settings, look at what was asked."""

import itertools
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labeling.collecting.config import XSettings
from tests.collecting.standin import statuses
from tests.collecting.standin.clips import make_clip, make_hls
from tests.collecting.standin.faults import Fault
from tests.collecting.standin.server import Server
from tests.collecting.standin.site import Site

Json = dict[str, Any]
MP4 = "video/mp4"
PLAYLIST = "application/x-mpegURL"
TYPES = {".m3u8": PLAYLIST, ".ts": "video/mp2t", ".mp4": MP4, ".m4s": "video/iso.segment"}
BIT_RATES = (256_000, 832_000, 2_176_000)


class Standin:
    """A running stand-in for X. Ids are never used twice, so that tests can share one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.site = Site()
        self.server = Server(self.site, folder)
        self._ids = itertools.count(1_800_000_000_000_000_001)
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def __enter__(self) -> "Standin":
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop_stalling.set()
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    @property
    def proxy(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def ca_file(self) -> str:
        return str(self.server.ca_file)

    def settings(self, **changes: Any) -> XSettings:
        """Return settings that lead here, in more of a hurry than the defaults."""
        defaults = {"proxy": self.proxy, "ca_file": self.ca_file, "socket_timeout": 5.0, "pause": 0.0}
        return XSettings(**{**defaults, **changes})

    def reset(self) -> None:
        """Forget faults and what was asked; posts and files stay."""
        self.server.stop_stalling.set()
        self.server.stop_stalling = threading.Event()
        self.site.faults.clear()
        self.site.requests.clear()
        self.server.connected.clear()
        self.server.plain.clear()
        self.site.query_id = None

    def new_id(self) -> str:
        return str(next(self._ids))

    def clip(self, name: str = "clip", **options: Any) -> Path:
        """Return a real video, made once."""
        path = self.folder / f"{name}.mp4"
        return path if path.exists() else make_clip(path, **options)

    # --- what is there -----------------------------------------------------------------------------

    def serve(self, url: str, content: Path | bytes, content_type: str = MP4) -> str:
        self.site.files[url] = (content, content_type)
        return url

    def add_file(self, content: Path | bytes, content_type: str = MP4) -> str:
        """Serve a file at an address of its own on X's media host."""
        return self.serve(f"{statuses.MEDIA_HOST}/ext_tw_video/{self.new_id()}.mp4", content, content_type)

    def add_video(self, clips: Sequence[Path], *, bit_rates: Sequence[int] = BIT_RATES, **more: Any) -> Json:
        """Return a video (of a post's media) with one MP4 encoding per clip."""
        media_id = self.new_id()
        variants = []
        for clip, bit_rate in zip(clips, bit_rates, strict=False):
            url = self.serve(statuses.rung_url(media_id, clip, bit_rate_bps=bit_rate), clip)
            variants.append(statuses.file_variant(url, bit_rate))
        return statuses.video_media(media_id, variants, **more)

    def add_gif(self, clip: Path) -> Json:
        media_id = self.new_id()
        return statuses.gif_media(media_id, self.serve(statuses.gif_url(media_id), clip))

    def add_hls_video(self, *, segments: str = "fmp4") -> Json:
        """Return a video that is offered as HLS alone: "fmp4" with its sound apart, or "mpegts"."""
        media_id = self.new_id()
        folder = self.folder / f"hls-{segments}"
        if not folder.exists():
            make_hls(folder, segments=segments)
        base = f"{statuses.MEDIA_HOST}/amplify_video/{media_id}"
        for path in folder.rglob("*.*"):
            self.serve(f"{base}/{path.relative_to(folder)}", path, TYPES[path.suffix])
        return statuses.video_media(media_id, [statuses.hls_variant(f"{base}/master.m3u8")])

    def add_post(self, media: Sequence[Json] = (), **facts: Any) -> str:
        """Add a post that everybody can see, and return its id."""
        return self.add_result(lambda x_id: statuses.tweet(x_id, list(media), **facts))

    def add_result(self, result: Any) -> str:
        """Add a post by GraphQL's `result` (or a function of the id) and return its id."""
        x_id = self.new_id()
        self.site.posts[x_id] = result(x_id) if callable(result) else result
        return x_id

    def add_sensitive_post(self, media: Sequence[Json]) -> str:
        """Add a post that only a signed-in account sees."""
        x_id = self.add_result(statuses.unavailable("NsfwLoggedOut"))
        self.site.members[x_id] = statuses.tweet(x_id, list(media), possibly_sensitive=True)
        return x_id

    # --- what goes wrong ---------------------------------------------------------------------------

    def break_url(self, url: str, **fault: Any) -> None:
        self.site.faults.add(url, Fault(**fault))

    def break_graphql(self, x_id: str, **fault: Any) -> None:
        self.site.faults.add(("graphql", x_id), Fault(**fault))

    def break_syndication(self, x_id: str, **fault: Any) -> None:
        self.site.faults.add(("syndication", x_id), Fault(**fault))

    def break_guest_token(self, **fault: Any) -> None:
        self.site.faults.add("guest", Fault(**fault))

    # --- what was asked ----------------------------------------------------------------------------

    def hosts(self) -> set[str]:
        """Return every host, with its port, that was connected to, and every address asked in plain."""
        return {*self.server.connected, *self.server.plain}

    def num_requests(self, part: str) -> int:
        return sum(part in request for request in self.site.requests)

    def write_cookies(self, path: Path, *, auth_token: str = "signed-in") -> str:
        """Write the cookies of a signed-in account (and of another site) as a browser exports them."""
        lines = [
            "# Netscape HTTP Cookie File",
            f"#HttpOnly_.x.com\tTRUE\t/\tTRUE\t4102444800\tauth_token\t{auth_token}",
            ".x.com\tTRUE\t/\tTRUE\t4102444800\tct0\t0123456789abcdef",
            ".example.com\tTRUE\t/\tTRUE\t4102444800\tsession\tother",
        ]
        path.write_text("\n".join(lines) + "\n")
        return str(path)
