"""X, through yt-dlp: the facts of one post, and open answers for its media.

This module alone imports yt_dlp (1.7 s, 58 MB): tasks import it where they use it, web processes never.
No plugin of yt-dlp is loaded, no extractor but the one below, and no request leaves but through the
guard. One `YoutubeDL` is reused per thread: a fresh one costs 110 ms more for each post.
"""

import copy
import io
import logging
import os
import ssl
import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from requests import Session
from yt_dlp import YoutubeDL
from yt_dlp.extractor.twitter import TwitterIE
from yt_dlp.networking import Request
from yt_dlp.networking._requests import RequestsRH
from yt_dlp.networking.exceptions import CertificateVerifyError, HTTPError, RequestError, TransportError
from yt_dlp.utils import ExtractorError, YoutubeDLError

from labeling.collecting import reasons, tls, unreachable
from labeling.collecting.answer import Media
from labeling.collecting.config import XSettings
from labeling.collecting.cookies import read_cookies
from labeling.collecting.errors import (
    BlockedHost,
    CollectError,
    Deleted,
    ExtractorBroken,
    NetworkError,
    NoVideo,
    RateLimited,
    Unavailable,
)
from labeling.collecting.guard import check_url, guard_session
from labeling.collecting.links import canonical_url
from labeling.collecting.posts import PostInfo, read_post
from labeling.collecting.tls import changed_at

os.environ["YTDLP_NO_PLUGINS"] = "1"  # read at the first YoutubeDL(); any package could bring one

MAX_USES = 500
"""Posts per `YoutubeDL`: it remembers a little of each."""

logger = logging.getLogger(__name__)
_threads = threading.local()


def fetch_post(x_id: str, settings: XSettings) -> PostInfo:
    """Ask X for one post and the addresses of its own videos.

    Raises:
        Permanent: There is no video to be had; the kind says why.
        Transient: X or the way to it fails now.
    """
    ie = _PostIE(_youtube_dl(settings, is_new_post=True))
    try:
        info = ie.extract(canonical_url(x_id))
    except YoutubeDLError as exc:
        raise _as_collect_error(x_id, exc, ie) from exc
    except (LookupError, TypeError, AttributeError, ValueError) as exc:
        raise ExtractorBroken(f"yt-dlp does not understand X's answer for post {x_id}: {exc!r}.") from exc
    finally:
        ie.ydl.close_answers()
    facts = {"raw": ie.raw, "via": ie.via, "limited_until": ie.limited_until}
    post = read_post(x_id, status=ie.status, info=info, **facts)
    if not post.videos:
        raise _why_no_video(x_id, ie)
    return post


def open_media(url: str, headers: Mapping[str, str], settings: XSettings) -> Media:
    """Begin to read a file of X's, whatever the status of the answer is. Close it in the end.

    Raises:
        BlockedHost: The address, or one it redirects to, is not X's.
        NetworkError: There is no answer.
    """
    check_url(url)
    try:
        response = _youtube_dl(settings).urlopen(Request(url, headers=dict(headers)))
    except HTTPError as exc:
        response = exc.response
    except _Blocked as exc:
        raise exc.error from exc
    except YoutubeDLError as exc:
        raise _network_error(f"There is no answer from {url[:200]}", exc) from exc
    return Media(response)


class _PostIE(TwitterIE):  # type: ignore[misc]
    """yt-dlp's extractor, which keeps what X said and sees no video but the post's own.

    yt-dlp gives the videos of a quoted post to the author who quotes (yt-dlp#14664), and the link of a
    card to whatever extractor fits. Instances serve one post each.
    """

    def __init__(self, downloader: "_GuardedYoutubeDL") -> None:
        super().__init__(downloader)
        self.ydl = downloader
        self.raw: dict[str, Any] = {}
        self.status: dict[str, Any] = {}
        self.via = "graphql"
        self.limited_until: Any = None
        self.has_cookies = bool(self.is_logged_in)
        self._http_status = 0

    def _extract_status(self, twid: str) -> dict[str, Any]:
        status: dict[str, Any] = super()._extract_status(twid)
        if not any(status.values()):  # X says nothing of a post that is gone, or that guests may not see
            status = self._call_syndication_api(twid)
        status.pop("quoted_status", None)
        if not _is_video_card(status.get("card")):
            status.pop("card", None)
        self.status = status
        return status

    def _graphql_to_legacy(self, data: Any, twid: str) -> Any:
        result = ((data or {}).get("tweetResult") or {}).get("result") or {}
        self.raw = copy.deepcopy(result)  # yt-dlp writes into it
        return super()._graphql_to_legacy(data, twid)

    def _call_graphql_api(self, endpoint: str, media_id: str) -> Any:
        try:
            return super()._call_graphql_api(endpoint, media_id)
        except ExtractorError as exc:
            if isinstance(exc.cause, HTTPError) and exc.cause.status == 429:
                self.limited_until = reasons.limit_end(exc.cause.response.headers)
            raise

    def _call_syndication_api(self, twid: str) -> dict[str, Any]:
        """Look through the second door, which tells a deleted post from one that wants a login."""
        self.via = "syndication"
        try:
            status: dict[str, Any] = super()._call_syndication_api(twid)
        except ExtractorError as exc:
            if isinstance(exc.cause, HTTPError) and exc.cause.status == 404:
                raise Deleted(f"Post {twid} does not exist (any more).") from exc
            raise
        self.raw = {key: value for key, value in status.items() if key != "extended_entities"}
        if status.get("__typename") == "TweetTombstone":
            words = (((status.get("tombstone") or {}).get("text") or {}).get("text")) or ""
            raise reasons.from_tombstone(twid, words, has_cookies=self.has_cookies)
        # yt-dlp puts the media of the quoted post among the others.
        status["extended_entities"] = {"media": status.get("mediaDetails") or []}
        return status

    def _request_webpage(self, *args: Any, **kwargs: Any) -> Any:
        response = super()._request_webpage(*args, **kwargs)
        self._http_status = response.status if response else 0
        return response

    def _parse_json(self, json_string: str, video_id: str, *args: Any, **kwargs: Any) -> Any:
        if not json_string.strip() and self._http_status == 200:
            raise reasons.empty_answer(video_id)
        return super()._parse_json(json_string, video_id, *args, **kwargs)


def _is_video_card(card: Any) -> bool:
    """Tell cards that hold a video on X's hosts from those that lead to other sites."""
    name = str((card or {}).get("name") or "").rpartition(":")[2]
    return name in ("unified_card", "amplify", "appplayer") or "video" in name


def _why_no_video(x_id: str, ie: _PostIE) -> CollectError:
    media = (ie.status.get("extended_entities") or {}).get("media") or []
    videos = [m for m in media if m.get("type") != "photo"]
    if not videos:
        return NoVideo(f"Post {x_id} has no video of its own.")
    if ie.ydl.failure is not None:  # a playlist that yt-dlp shrugged off was all there is
        return _as_collect_error(x_id, ie.ydl.failure, ie)
    availability = videos[0].get("ext_media_availability") or {}
    reason = availability.get("reason") or availability.get("status") or "no file is offered"
    return Unavailable(f"X withholds the video of post {x_id}: {reason}.")


def _as_collect_error(x_id: str, exc: YoutubeDLError, ie: _PostIE) -> CollectError:
    cause = getattr(exc, "cause", None) or exc
    if isinstance(cause, _Blocked):
        return cause.error
    if isinstance(cause, HTTPError):
        headers = cause.response.headers
        error = reasons.from_status(x_id, cause.status, headers, has_cookies=ie.has_cookies)
        if isinstance(error, RateLimited) and ie.limited_until:
            error.retry_at = ie.limited_until  # the first door's time: the second one never tells
        return error
    if isinstance(cause, RequestError):
        return _network_error(f"Post {x_id} could not be asked for", cause)
    is_expected = bool(getattr(exc, "expected", False))
    words = getattr(exc, "orig_msg", None) or str(exc)
    return reasons.from_words(x_id, words, has_cookies=ie.has_cookies, is_expected=is_expected)


def _network_error(what: str, exc: YoutubeDLError) -> NetworkError:
    words = unreachable.in_words(str(exc))
    hint = " Is a proxy in between whose CA X_CA_FILE must name?" if _is_untrusted(exc) else ""
    return NetworkError(f"{what}: {words}.{hint}")


def _is_untrusted(exc: YoutubeDLError) -> bool:
    return isinstance(exc, CertificateVerifyError) or "CERTIFICATE_VERIFY_FAILED" in str(exc)


class _Blocked(TransportError):  # type: ignore[misc]
    """A `BlockedHost` on its way through yt-dlp, which swallows everything but its own errors."""

    def __init__(self, error: BlockedHost) -> None:
        super().__init__(msg=str(error))
        self.error = error


class _GuardedRH(RequestsRH):  # type: ignore[misc]
    def __init__(self, *, ca_file: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._ca_file = ca_file

    def _create_instance(self, *args: Any, **kwargs: Any) -> Session:
        session: Session = super()._create_instance(*args, **kwargs)
        return guard_session(session, _Blocked)

    def _make_sslcontext(self, *args: Any, **kwargs: Any) -> ssl.SSLContext:
        return tls.shared_context(
            self._ca_file, lambda: super(_GuardedRH, self)._make_sslcontext(*args, **kwargs)
        )


class _GuardedYoutubeDL(YoutubeDL):  # type: ignore[misc]
    """A `YoutubeDL` that knows no extractor, reaches X alone, and remembers the last failed request."""

    def __init__(self, settings: XSettings) -> None:
        cookies = io.StringIO(read_cookies(settings.cookies_file)) if settings.cookies_file else None
        params = {
            "quiet": True,
            "logger": logger,
            "proxy": settings.proxy or None,
            "cookiefile": cookies,  # in memory: yt-dlp rewrites a file when it closes, a race
            "socket_timeout": settings.socket_timeout,
            "cachedir": False,
            "js_runtimes": {},
        }
        super().__init__(params, auto_init=False)
        self.failure: YoutubeDLError | None = None
        self._answers: list[Any] = []
        self._ca_file = settings.ca_file

    @cached_property
    def _request_director(self) -> Any:
        return self.build_request_director([partial(_GuardedRH, ca_file=self._ca_file)])

    def urlopen(self, req: Any) -> Any:
        try:
            answer = super().urlopen(req)
        except YoutubeDLError as exc:
            self.failure = exc
            self._answers.append(getattr(exc, "response", None))
            raise
        self._answers.append(answer)
        return answer

    def report_warning(self, message: str, *_: Any, **__: Any) -> None:
        logger.debug(message)  # what matters comes back as an error, or in `PostInfo.via`

    def begin(self) -> "_GuardedYoutubeDL":
        """Forget what was before."""
        self.failure = None
        self._answers.clear()
        return self

    def close_answers(self) -> None:
        """Close what yt-dlp leaves open: answers that failed, or broke off."""
        for answer in filter(None, self._answers):
            answer.close()


@dataclass
class _Held:
    """A thread's `YoutubeDL`; closed with the thread."""

    key: object
    ydl: _GuardedYoutubeDL
    num_posts: int = 0

    def __post_init__(self) -> None:
        self.close = weakref.finalize(self, self.ydl.close)


def _youtube_dl(settings: XSettings, *, is_new_post: bool = False) -> _GuardedYoutubeDL:
    """Return this thread's instance; a new one after a change of settings or of the cookies."""
    key = (settings, changed_at(settings.cookies_file), changed_at(settings.ca_file))
    held: _Held | None = getattr(_threads, "held", None)
    if held is None or held.key != key or (is_new_post and held.num_posts >= MAX_USES):
        if held is not None:
            held.close()
        tls.check_ca_file(settings.ca_file)
        held = _threads.held = _Held(key, _GuardedYoutubeDL(settings))
    held.num_posts += is_new_post
    return held.ydl.begin()
