"""From what X said of a post to its rows, and to the jobs that store its variants."""

from django.db import transaction
from django.utils import timezone

from labeling.collecting import withdrawn
from labeling.collecting.posts import PostInfo, VariantInfo, VideoInfo
from labeling.models import Post, Variant, VariantJob, VariantState, Video


@transaction.atomic
def record_post(post: Post, info: PostInfo) -> None:
    """Write a post with its videos and variants, and queue the download of those not stored yet.

    Safe to run again: rows that are there are kept, and what X says now is written over what it said.
    Of a video that was taken back nothing is queued.

    Raises:
        Withdrawn: The whole post was taken back. Nothing was written: its words may be purged.
    """
    withdrawn.lock_post(post)
    Post.objects.filter(pk=post.pk).update(
        author_handle=info.author_handle,
        author_id=info.author_id,
        text=info.text,
        language=info.language,
        posted_at=info.posted_at,
        num_likes=info.num_likes,
        num_reposts=info.num_reposts,
        num_replies=info.num_replies,
        num_views=info.num_views,
        is_sensitive=info.is_sensitive,
        quoted_id=info.quoted_id,
        raw=dict(info.raw),
        failure_kind="",
        failure_message="",
        collected_at=timezone.now(),
    )
    for video_info in info.videos:
        video = _record_video(post, video_info)
        for variant_info in () if video.is_withdrawn else video_info.variants:
            _record_variant(video, variant_info)


def _record_video(post: Post, info: VideoInfo) -> Video:
    video, _ = Video.objects.get_or_create(
        post=post,
        index=info.index,
        defaults={
            "key": f"{post.x_id}/{info.index}",
            "media_id": info.media_id,
            "kind": info.kind,
            "duration_seconds": info.duration_seconds,
            "poster_url": info.poster_url,
            "source_user_id": info.source_user_id,
        },
    )
    return video


def _record_variant(video: Video, info: VariantInfo) -> None:
    variant, _ = Variant.objects.get_or_create(
        video=video,
        url=info.url,
        defaults={
            "is_hls": info.is_hls,
            "declared_width": info.width,
            "declared_height": info.height,
            "declared_bit_rate_bps": info.bit_rate_bps,
        },
    )
    if variant.state == VariantState.WAITING:
        job, _ = VariantJob.objects.get_or_create(variant=variant)
        job.ring()
