"""X's JSON: what its GraphQL and syndication doors say about posts."""

from pathlib import Path
from typing import Any

from labeling.collecting.probe import probe

Json = dict[str, Any]
MEDIA_HOST = "https://video.twimg.com"


def rung_url(media_id: str, clip: Path, *, bit_rate_bps: int) -> str:
    """Return the address of one MP4 encoding; its size stands in the path, as X has it."""
    found = probe(clip)
    size = f"{found.width}x{found.height}"
    return f"{MEDIA_HOST}/ext_tw_video/{media_id}/pu/vid/avc1/{size}/{clip.stem}-{bit_rate_bps}.mp4?tag=12"


def gif_url(media_id: str) -> str:
    return f"{MEDIA_HOST}/tweet_video/{media_id}.mp4"


def video_media(media_id: str, variants: list[Json], **more: Any) -> Json:
    """Return a video among a post's media. `variants` are of `file_variant` and `hls_variant`."""
    return {
        "id_str": media_id,
        "media_key": f"13_{media_id}",
        "type": "video",
        "media_url_https": f"https://pbs.twimg.com/ext_tw_video_thumb/{media_id}/pu/img/poster.jpg",
        "sizes": {"large": {"h": 90, "w": 160, "resize": "fit"}},
        "original_info": {"height": 90, "width": 160},
        "ext_media_availability": {"status": "Available"},
        "video_info": {"aspect_ratio": [16, 9], "duration_millis": 1000, "variants": variants},
        **more,
    }


def gif_media(media_id: str, url: str) -> Json:
    variants = [{"bitrate": 0, "content_type": "video/mp4", "url": url}]
    info = {"aspect_ratio": [16, 9], "variants": variants}
    return video_media(media_id, [], type="animated_gif", video_info=info)


def photo_media(media_id: str) -> Json:
    return {
        "id_str": media_id,
        "type": "photo",
        "media_url_https": f"https://pbs.twimg.com/media/{media_id}.jpg",
        "sizes": {"large": {"h": 90, "w": 160, "resize": "fit"}},
    }


def file_variant(url: str, bit_rate_bps: int) -> Json:
    return {"bitrate": bit_rate_bps, "content_type": "video/mp4", "url": url}


def hls_variant(url: str) -> Json:
    return {"content_type": "application/x-mpegURL", "url": url}


def tweet(
    x_id: str, media: list[Json], *, handle: str = "author", user_id: str = "77", **legacy: Any
) -> Json:
    """Return GraphQL's `result` for a post that can be seen."""
    user = {"screen_name": handle, "name": handle.title(), "protected": False}
    return {
        "__typename": "Tweet",
        "rest_id": x_id,
        "core": {"user_results": {"result": {"__typename": "User", "rest_id": user_id, "legacy": user}}},
        "views": {"count": "1234", "state": "EnabledWithCount"},
        "legacy": {
            "id_str": x_id,
            "user_id_str": user_id,
            "created_at": "Wed Oct 09 20:19:24 +0000 2024",
            "full_text": "A fox &amp; a hound\nhttps://t.co/abc",
            "lang": "en",
            "favorite_count": 5,
            "retweet_count": 4,
            "reply_count": 3,
            "quote_count": 2,
            "entities": {"hashtags": [], "urls": [], "media": media},
            **({"extended_entities": {"media": media}} if media else {}),
            **legacy,
        },
    }


def unavailable(reason: str) -> Json:
    return {"__typename": "TweetUnavailable", "reason": reason}


def tombstone(text: str) -> Json:
    words = {"rtl": False, "text": f"{text} Learn more", "entities": []}
    return {"__typename": "TweetTombstone", "tombstone": {"__typename": "TextTombstone", "text": words}}


def syndication_of(result: Json) -> Json | None:
    """Return what the second door says of the same post: None is 404."""
    if not result:
        return None
    if result["__typename"] != "Tweet":
        words = "Age-restricted adult content. This content might not be appropriate for people under 18."
        return {"__typename": "TweetTombstone", "tombstone": {"text": {"text": words}}}
    legacy, user = result["legacy"], result["core"]["user_results"]["result"]
    media = (legacy.get("extended_entities") or {}).get("media") or []
    quoted = (result.get("quoted_status_result") or {}).get("result")
    return {
        "__typename": "Tweet",
        "id_str": result["rest_id"],
        "lang": legacy["lang"],
        "created_at": "2024-10-09T20:19:24.000Z",
        "text": legacy["full_text"],
        "favorite_count": legacy["favorite_count"],
        "conversation_count": legacy["reply_count"],
        "possibly_sensitive": legacy.get("possibly_sensitive", False),
        "user": {"id_str": user["rest_id"], **user["legacy"]},
        "mediaDetails": [{key: value for key, value in m.items() if key != "id_str"} for m in media],
        **({"quoted_tweet": syndication_of(quoted)} if quoted else {}),
    }
