"""One post as X gave it: what of the answer becomes rows.

`status` is X's JSON in the old shape of its API, as yt-dlp hands it on; `info` is what yt-dlp made of it.
Videos of a quoted post are in neither: `labeling.collecting.x` takes them out first.
"""

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VariantInfo:
    """One encoding of a video; sizes and bit rate as declared, which need not be true.

    `url` is its key within the video. For HLS it is the playlist of this one encoding, and the
    playlist of its sound follows after `#audio=`, if that is apart.
    """

    url: str
    width: int | None = None
    height: int | None = None
    bit_rate_bps: int | None = None
    is_hls: bool = False
    container: str = "mp4"


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """One video of a post; `index` is its place among the post's own videos, from 0.

    `source_user_id` is whose media X says it is, if another account posted it first.
    """

    media_id: str
    index: int
    kind: str
    duration_seconds: float | None
    poster_url: str
    source_user_id: str
    variants: tuple[VariantInfo, ...]


@dataclass(frozen=True, slots=True)
class PostInfo:
    """One post and its own videos.

    `raw` is X's answer as it came. `limited_until` is set when X had enough of us but a second door
    (`via` "syndication", with fewer facts) still answered: a reason to pause.
    """

    x_id: str
    author_handle: str
    author_id: str
    text: str
    language: str
    posted_at: datetime | None
    num_likes: int | None
    num_reposts: int | None
    num_replies: int | None
    num_views: int | None
    is_sensitive: bool
    quoted_id: str
    raw: Json
    videos: tuple[VideoInfo, ...]
    via: str = "graphql"
    limited_until: datetime | None = field(default=None, compare=False)


def read_post(
    x_id: str, *, status: Json, info: Json, raw: Json, via: str, limited_until: datetime | None
) -> PostInfo:
    """Put one post together. A post without a video of its own has no `videos`."""
    status, raw = _storable(status), _storable(raw)
    tweet = _inner(raw)
    user = _dict(status.get("user"))
    author = _dig(tweet, "core", "user_results", "result")
    return PostInfo(
        x_id=x_id,
        author_handle=_first(user.get("screen_name"), _dig(author, "core").get("screen_name")),
        author_id=_first(status.get("user_id_str"), user.get("id_str"), author.get("rest_id")),
        text=_text(status, tweet),
        language=_first(status.get("lang")),
        posted_at=_time(info.get("timestamp")),
        num_likes=info.get("like_count"),
        num_reposts=info.get("repost_count"),
        num_replies=info.get("comment_count"),
        num_views=info.get("view_count"),
        is_sensitive=bool(status.get("possibly_sensitive")),
        quoted_id=_first(status.get("quoted_status_id_str"), _dict(status.get("quoted_tweet")).get("id_str")),
        raw=raw,
        videos=tuple(_videos(x_id, status, info)),
        via=via,
        limited_until=limited_until,
    )


def _videos(x_id: str, status: Json, info: Json) -> Iterator[VideoInfo]:
    media = {str(m.get("id_str")): m for m in _dig(status, "extended_entities").get("media") or ()}
    entries = [e for e in info.get("entries") or (info,) if e.get("formats")]
    for index, entry in enumerate(entries):
        about = media.get(str(entry.get("id")), {})
        yield VideoInfo(
            media_id="" if entry.get("id") in (None, x_id) else str(entry["id"]),
            index=index,
            kind="gif" if about.get("type") == "animated_gif" else "video",
            duration_seconds=entry.get("duration"),
            poster_url=_first(
                about.get("media_url_https"), *(t["url"] for t in entry.get("thumbnails") or ())
            ),
            source_user_id=_first(about.get("source_user_id_str"), _source_user(about)),
            variants=tuple(_variants(entry["formats"], about)),
        )


def _variants(formats: list[dict[str, Any]], about: Json) -> Iterator[VariantInfo]:
    """Yield each encoding once: all MP4 files, and of HLS only the sizes that no MP4 has."""
    files = {f["url"]: f for f in formats if not _is_hls(f)}
    for url, found in files.items():
        yield _file_variant(url, found, about)
    sizes = {(f.get("width"), f.get("height")) for f in files.values()}
    sound = max((f for f in formats if f.get("vcodec") == "none"), key=_rate, default=None)
    pictures = {f["url"]: f for f in formats if _is_hls(f) and f.get("vcodec") != "none"}
    for url, found in pictures.items():
        if not files or (found.get("height") and (found.get("width"), found.get("height")) not in sizes):
            yield _hls_variant(url, found, sound)


def _file_variant(url: str, found: Json, about: Json) -> VariantInfo:
    size = _dict(about.get("original_info")) if about.get("type") == "animated_gif" else {}
    bit_rates = {v.get("url"): v.get("bitrate") for v in _dig(about, "video_info").get("variants") or ()}
    return VariantInfo(
        url=url,
        width=found.get("width") or size.get("width"),
        height=found.get("height") or size.get("height"),
        bit_rate_bps=bit_rates.get(url) or round(_rate(found) * 1000) or None,  # GIFs declare 0
    )


def _hls_variant(url: str, found: Json, sound: Json | None) -> VariantInfo:
    has_own_sound = sound is None or found.get("acodec") not in (None, "none")
    return VariantInfo(
        url=url if has_own_sound or sound is None else f"{url}#audio={sound['url']}",
        width=found.get("width"),
        height=found.get("height"),
        bit_rate_bps=round(_rate(found) * 1000) or None,
        is_hls=True,
    )


def _is_hls(found: Json) -> bool:
    return str(found.get("protocol") or "").startswith("m3u8")


def _rate(found: Json) -> float:
    return float(found.get("tbr") or 0)


def _text(status: Json, tweet: Json) -> str:
    """Return the whole text: the old field of a long post ends in "…"."""
    long_text = _dig(tweet, "note_tweet", "note_tweet_results", "result").get("text")
    return html.unescape(_first(long_text, status.get("full_text"), status.get("text")))


def _storable(value: Any) -> Any:
    """Return the JSON without what no database stores: NUL, and halves of surrogate pairs."""
    if isinstance(value, str):
        return value.replace("\0", "").encode(errors="replace").decode()
    if isinstance(value, Mapping):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return [_storable(item) for item in value] if isinstance(value, list) else value


def _inner(raw: Json) -> Json:
    """Unwrap a `TweetWithVisibilityResults`."""
    return _dict(raw.get("tweet")) or raw


def _source_user(about: Json) -> object:
    return _dig(about, "additional_media_info", "source_user", "user_results", "result").get("rest_id")


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _first(*values: object) -> str:
    return next((str(value) for value in values if value), "")


def _dict(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


def _dig(value: object, *keys: str) -> Json:
    for key in keys:
        value = _dict(value).get(key)
    return _dict(value)
