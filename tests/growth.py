"""A dataset that grew over some versions, as rows without videos behind them: for pages that count."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from cakelens.labels import V5_LABELS, Label
from labeling.models import Post, Settlement, Video
from tests.factories import make_batch, make_group
from training.batches.counts import SERIES, Count
from training.models import GrowthFigures, TrainingBatch

FIRST = datetime(2026, 9, 1, 16, 30, tzinfo=UTC)
SIZES = (412, 934, 1388, 2210, 2954, 3720, 4861, 5591)
SHARES = {
    "AI_GEN": 0.62,
    "ANIME_2D": 0.07,
    "ANIME_3D": 0.11,
    "VIDEO_GAME": 0.05,
    "KLING": 0.13,
    "HIGGSFIELD": 0.03,
    "WAN": 0.06,
    "MIDJOURNEY": 0.05,
    "HAILUO": 0.04,
    "RAY": 0.02,
    "VEO": 0.1,
    "RUNWAY": 0.04,
    "SORA": 0.08,
    "CHATGPT": 0.015,
    "PIKA": 0.008,
    "HUNYUAN": 0.02,
    "VIDU": 0.003,
}


def grow(*sizes: int) -> list[TrainingBatch]:
    """Make the batches v5.0, v5.1, … of so many videos, a week apart, a tenth of each in test."""
    return [_batch(number, size) for number, size in enumerate(sizes)]


def _batch(number: int, size: int) -> TrainingBatch:
    splits = {"test": size // 10, "validation": size * 9 // 100}
    splits = {"train": size - sum(splits.values())} | splits
    return make_batch(
        f"v5.{number}",
        exported_at=FIRST + timedelta(weeks=number),
        num_train=splits["train"],
        num_validation=splits["validation"],
        num_test=splits["test"],
        label_counts={label.value: _judged(label, number, splits) for label in V5_LABELS},
        left_out={"not settled": size // 3, "not stored": 41, "quarantined": 3},
        facts=_facts(size),
        confounds={"width": 0.61, "fps": 0.74, "bit_rate_bps": 0.66, "duration_seconds": 0.55},
    )


def _facts(size: int) -> dict[str, dict[str, int]]:
    """Say what files of a batch are like, as an export counts it."""
    shares = {
        "resolution": {"under 360p": 0.03, "360p": 0.12, "480p": 0.1, "720p": 0.46, "1080p": 0.29},
        "duration": {"under 5 s": 0.14, "5 to 10 s": 0.51, "10 to 30 s": 0.24, "30 to 60 s": 0.11},
        "evidence": {"author": 0.31, "watermark": 0.17, "account": 0.08, "artefacts": 0.12, "none": 0.38},
    }
    counts = {
        kind: {name: round(size * share) for name, share in values.items()} for kind, values in shares.items()
    }
    return counts | {"groups": {f"18{size:017}/0": size // 200, f"19{size:017}/1": size // 300}}


def _judged(label: Label, number: int, splits: dict[str, int]) -> dict[str, list[int]]:
    # Fashions: some generators come late, some go.
    fashion = min(max(1 + 0.06 * (number - 4) * (1 if len(label) % 2 else -1), 0.4), 1.4)
    counts = {}
    for split, size in splits.items():
        positive = round(size * SHARES[label] * fashion)
        not_judged = 0 if label.kind != "generator" else size // 5
        counts[split] = [positive, size - positive - not_judged, not_judged]
    return counts


def keep_figures(newest: TrainingBatch, num_waiting: int, *people: str, num_anew: int = 0) -> None:
    """Keep such figures as the task counts for a large dataset: the page takes them as they are."""
    settled = {name: Count.of_series(newest, name).total for name in SERIES}
    gained = {name: round(number * 0.17) for name, number in settled.items()}
    settled |= {"AI_GEN": settled["AI_GEN"] + num_waiting - num_anew}
    now = timezone.now()
    days = [now - timedelta(days=back) for back in reversed(range(28))]
    answers = {
        day.date().isoformat(): {
            person: 20 + (day.day * 37 + place * 11) % 61 // (place + 1)
            for place, person in enumerate(people)
        }
        for day in days
        if day.weekday() < 5
    }
    figures = {
        "settled": settled,
        "gained": gained,
        "answers": answers,
        "waiting": num_waiting,
        "anew": num_anew,
    }
    GrowthFigures.objects.create(pk=1, figures=figures, seconds=1, counted_at=now)


def settle_many(number: int) -> None:
    """Let so many videos be settled, with nothing behind them but their rows."""
    group = make_group()
    posts = Post.objects.bulk_create(Post(x_id=f"9{place:06}") for place in range(number))
    ready = {"group": group, "split": group.split, "ready_at": timezone.now()}
    videos = Video.objects.bulk_create(Video(post=post, key=f"{post.x_id}/0", **ready) for post in posts)
    settlements = Settlement.objects.bulk_create(
        Settlement(video=video, method="single", ai_gen=True) for video in videos
    )
    for video, settlement in zip(videos, settlements, strict=True):
        video.settlement = settlement
    Video.objects.bulk_update(videos, ["settlement"])
