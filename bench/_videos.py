"""Many videos at once, written straight into the tables, past the code that is measured."""

import hashlib
from typing import Any

from django.utils import timezone

BATCH = 2_000


def labeler() -> Any:
    """Return a test client of a person who may label."""
    from django.contrib.auth.models import Group, User
    from django.test import Client

    user = User.objects.create_user("bench")
    user.groups.add(Group.objects.get(name="labeler"))
    client = Client()
    client.force_login(user)
    return client


def make_videos(count: int, *, first: int = 0) -> None:
    """Make ready videos of one stored variant each, with a free slot and a served prediction."""
    for begin in range(first, first + count, BATCH):
        _make(range(begin, min(begin + BATCH, first + count)))


def _make(numbers: range) -> None:
    from labeling.models import DuplicateGroup, Post, Slot, Variant, Video

    now = timezone.now()
    texts = [f"Clip {n}, made with Veo 3 in ten minutes" for n in numbers]
    posts = Post.objects.bulk_create(
        Post(x_id=str(10**12 + n), author_handle=f"author{n % 997}", text=text, collected_at=now)
        for n, text in zip(numbers, texts, strict=True)
    )
    groups = DuplicateGroup.objects.bulk_create(
        DuplicateGroup(key=f"{post.x_id}/0", number=n, split="train")
        for n, post in zip(numbers, posts, strict=True)
    )
    videos = Video.objects.bulk_create(
        Video(post=post, key=group.key, group=group, split="train", ready_at=now, priority=n % 1000 / 1000)
        for n, post, group in zip(numbers, posts, groups, strict=True)
    )
    Variant.objects.bulk_create(_variant(video, now) for video in videos)
    Slot.objects.bulk_create(Slot(video=video, priority=video.priority) for video in videos)
    _predict(videos)


def _variant(video: Any, now: Any) -> Any:
    from labeling.models import Variant

    sha256 = hashlib.sha256(video.key.encode()).hexdigest()
    return Variant(
        video=video,
        url=f"https://video.twimg.com/{video.key}.mp4",
        state="stored",
        sha256=sha256,
        name=f"videos/{sha256[:2]}/{sha256[2:4]}/{sha256}.mp4",
        num_bytes=1_000_000,
        width=1280,
        height=720,
        fps=30.0,
        codec="h264",
        bit_rate_bps=2_000_000,
        num_frames=300,
        duration_seconds=10.0,
        stored_at=now,
    )


def _predict(videos: list[Any]) -> None:
    from cakelens.labels import V5_LABELS
    from inference.models import ModelVersion, Prediction

    model, _ = ModelVersion.objects.get_or_create(
        slug="bench", defaults={"architecture": "spacetime", "is_trained": True, "is_current": True}
    )
    variants = {video.pk: video.variants.get() for video in videos}
    probabilities = {str(label): 0.3 for label in V5_LABELS}
    Prediction.objects.bulk_create(
        Prediction(
            video=video,
            model=model,
            variant=variants[video.pk],
            mode="sampled",
            ai_gen=0.3,
            probabilities=probabilities,
            standard_errors=probabilities,
            num_framesets=8,
            seconds=1,
            device="cpu",
            is_served=True,
        )
        for video in videos
    )
