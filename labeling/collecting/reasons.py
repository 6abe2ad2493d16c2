"""X's words and status codes, told as our errors."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from labeling.collecting.errors import (
    CollectError,
    CookiesInvalid,
    Deleted,
    ExtractorBroken,
    LoginRequired,
    NoVideo,
    Protected,
    RateLimited,
    ServerError,
    Suspended,
    Unavailable,
)

DEFAULT_LIMIT = timedelta(minutes=15)
"""X's window, for an answer that names no end of it."""

EMPTY_LIMIT = timedelta(minutes=1)
LONGEST_LIMIT = timedelta(days=1)

WORDS: tuple[tuple[str, type[CollectError]], ...] = (
    (r"your account (is|has been)|temporarily locked|could not authenticate|csrf", CookiesInvalid),
    (r"nsfw|age-restricted|adult content|log ?in to|requires authentication", LoginRequired),
    (r"not authorized|protected|limits who can (view|see)", Protected),
    (r"suspended", Suspended),
    (r"deleted|no longer exists|no status found|does ?n.t exist", Deleted),
    (r"rate limit|too many requests", RateLimited),
    (r"internal (server )?error|over capacity|timeout|try again", ServerError),
    (r"no video could be found", NoVideo),
    (r"querying api|guest token|extractor error|parse json|unable to (extract|download)", ExtractorBroken),
)
"""In this order: the first pattern that is found names the error."""


def from_words(x_id: str, words: str, *, has_cookies: bool, is_expected: bool = True) -> CollectError:
    """Return the error that X's (or yt-dlp's) `words` about a post mean."""
    default = Unavailable if is_expected else ExtractorBroken
    kind = next((kind for pattern, kind in WORDS if re.search(pattern, words, re.IGNORECASE)), default)
    if kind is CookiesInvalid and not has_cookies:
        kind = ExtractorBroken  # a guest was refused: nothing a person's cookies did
    if kind is NoVideo:
        return NoVideo(f"Post {x_id} has no video of its own.")
    if kind is ExtractorBroken:
        return ExtractorBroken(f"yt-dlp does not get through to post {x_id}: {_plain(words)}.")
    told = f"X says of post {x_id}: “{_plain(words)}”."
    return RateLimited(told, retry_at=_now() + DEFAULT_LIMIT) if kind is RateLimited else kind(told)


def from_tombstone(x_id: str, words: str, *, has_cookies: bool) -> CollectError:
    """Return what the second door's tombstone means: a login is wanted, unless it says otherwise."""
    error = from_words(x_id, words, has_cookies=has_cookies)
    return error if not isinstance(error, Unavailable) else LoginRequired(error.message)


def _plain(words: str) -> str:
    """Cut yt-dlp's own phrases around X's words."""
    words = re.sub(r"\s+", " ", words).strip()
    words = re.sub(r"^(Twitter API says|Error\(s\) while querying API): | Use --cookies.*$", "", words)
    return words.rstrip(".")[:300] or "nothing"


def from_status(x_id: str, status: int, headers: Mapping[str, str], *, has_cookies: bool) -> CollectError:
    """Return the error that an HTTP status about a post means."""
    if status == 429:
        return RateLimited(f"X refused post {x_id}: too many requests.", retry_at=limit_end(headers))
    if status >= 500:
        return ServerError(f"X answered {status} for post {x_id}.")
    if status in (401, 403) and has_cookies:
        return CookiesInvalid(f"X answered {status} for post {x_id} in spite of the cookies.")
    return ExtractorBroken(f"X answered {status} for post {x_id}, which yt-dlp does not expect.")


def empty_answer(x_id: str) -> RateLimited:
    """Return what an empty page with status 200 means (yt-dlp#11937): too many in a short time."""
    message = f"X answered with an empty page for post {x_id}: too many requests in a short time."
    return RateLimited(message, retry_at=_now() + EMPTY_LIMIT)


def limit_end(headers: Mapping[str, str]) -> datetime:
    """Return when X takes requests again, by its own word if it gave one; a day from now at most."""
    latest = _now() + LONGEST_LIMIT
    reset, wait = headers.get("x-rate-limit-reset") or "", headers.get("retry-after") or ""
    if reset.isdecimal():
        return datetime.fromtimestamp(min(int(reset), int(latest.timestamp())), UTC)
    if wait.isdecimal():
        return _now() + min(timedelta(seconds=min(int(wait), 10**6)), LONGEST_LIMIT)
    return _now() + DEFAULT_LIMIT


def _now() -> datetime:
    return datetime.now(UTC)
