"""What can go wrong between a link and a stored video, in two families.

`Permanent`: asking again gives the same answer. `Transient`: asking later may work. Every error has a
`kind` (a stable word for rows, filters and JSON), a message that says what happened where, and a
`remedy` that says what a person can do about it.
"""

from datetime import datetime
from typing import ClassVar


class CollectError(Exception):
    """Base of everything that collecting raises on purpose."""

    kind: ClassVar[str]
    remedy: ClassVar[str]
    is_final: ClassVar[bool]

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


class Permanent(CollectError):
    """Asking again gives the same answer: the post or file is left as it is."""

    is_final = True


class Transient(CollectError):
    """Asking later may work; not before `retry_at`, if that is known (aware, UTC)."""

    is_final = False

    def __init__(self, message: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class NotAPostLink(Permanent):
    kind = "not_a_post_link"
    remedy = "Paste a link like https://x.com/name/status/1234567890."


class NoVideo(Permanent):
    kind = "no_video"
    remedy = "Only posts with a video or GIF of their own can be collected."


class Deleted(Permanent):
    kind = "deleted"
    remedy = "Nothing can be done; remove the link from the list."


class Suspended(Permanent):
    kind = "suspended"
    remedy = "X has suspended the account; nothing can be done unless X restores it."


class Protected(Permanent):
    kind = "protected"
    remedy = "Set X_COOKIES_FILE to the cookies of an account that follows the author, then retry."


class LoginRequired(Permanent):
    kind = "login_required"
    remedy = "Set X_COOKIES_FILE to the cookies of a signed-in X account, then retry."


class Unavailable(Permanent):
    kind = "unavailable"
    remedy = "Open the link in a browser: if it plays there, retry."


class CookiesInvalid(Permanent):
    kind = "cookies_invalid"
    remedy = "Sign in to X again, export the cookies of x.com anew to X_COOKIES_FILE, then retry."


class BlockedHost(Permanent):
    kind = "blocked_host"
    remedy = "Only X's own hosts are reached, by design; report the post if the link is X's own."


class MediaGone(Permanent):
    kind = "gone"
    remedy = "Collect the post again: X may serve the file at a new address."


class TooLarge(Permanent):
    kind = "too_large"
    remedy = "Raise MAX_VARIANT_BYTES if such files are wanted, then retry."


class NotAVideo(Permanent):
    kind = "not_a_video"
    remedy = "Open it in a player: if it plays there, convert it to MP4 (h264) and import that."


class BadFacts(Permanent):
    kind = "bad_facts"
    remedy = "Correct what is said of it, then import it again."


class Withdrawn(Permanent):
    kind = "withdrawn"
    remedy = "It was taken back for good and stays out; leave it out of what you bring."


class RateLimited(Transient):
    kind = "rate_limited"
    remedy = "Nothing to do: collecting goes on by itself when X allows it; X_COOKIES_FILE raises the limit."


class NetworkError(Transient):
    kind = "network"
    remedy = "Check the connection and X_PROXY; it is retried by itself."


class ServerError(Transient):
    kind = "server_error"
    remedy = "X has a problem; it is retried by itself."


class ExtractorBroken(Transient):
    kind = "extractor_broken"
    remedy = "Update yt-dlp (`pip install -U yt-dlp`) if many posts fail like this: X has changed."


class Truncated(Transient):
    kind = "truncated"
    remedy = "It is retried by itself and resumes where it stopped."


class DiskFull(Transient):
    kind = "disk_full"
    remedy = "Free some space under MEDIA_ROOT; it is retried by itself."


class StorageBroken(Transient):
    kind = "storage"
    remedy = "Look whether MEDIA_ROOT is there and may be written to; it is retried by itself."


class BucketFull(Transient):
    kind = "bucket_full"
    remedy = "Free some space in the bucket, or raise its quota; it is retried by itself."


class BucketBroken(Transient):
    kind = "bucket_broken"
    remedy = (
        "Look whether S3_ENDPOINT_URL answers, and S3_BUCKET and its keys are right; it is retried by itself."
    )
