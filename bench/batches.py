"""What batches cost at size, on PostgreSQL: their pages, an export, a verification and a fetch.

The bars: `/batches/` with a 95th percentile under 150 ms at 1,000,000 videos and 50 versions; an export of
100,000 videos with 400,000 encodings under 60 s and 300 MB; verifying at 0.8 of `sha256sum` over the same
files and fetching from a bucket on this machine at 0.8 of a plain parallel copy, in the same run
(`bench/batch_files.py`, which runs alone, too).
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

NUM_VIDEOS = int(os.environ.get("VIDEOS", "1000000"))
NUM_EXPORTED = int(os.environ.get("EXPORTED", "100000"))
NUM_VERSIONS = 50
VARIANTS_EACH = 4


def main() -> None:
    from bench._setup import django_on_postgres, machine
    from bench.batch_files import measure_files

    with tempfile.TemporaryDirectory(prefix="cakelens-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        os.environ["MEDIA_ROOT"] = str(folder / "media")
        django_on_postgres(folder)
        print(machine())
        template = make_template()
        measure_export(template, folder)
        measure_pages()
        measure_files(folder)


def make_template() -> Any:
    """Make the one labeled video that all others are copies of."""
    from django.contrib.auth.models import User
    from django.utils import timezone

    from labeling.models import Annotation, DuplicateGroup, Post, Settlement, Variant, Video

    now = timezone.now()
    user = User.objects.create_superuser("bench")
    post = Post.objects.create(x_id="0", author_handle="a", text="", collected_at=now, posted_at=now)
    group = DuplicateGroup.objects.create(key="0/0", number=0, split="train")
    video = Video.objects.create(post=post, key="0/0", group=group, split="train", ready_at=now)
    facts = {"width": 1280, "height": 720, "num_bytes": 1, "num_frames": 250, "fps": 25.0, "codec": "h264"}
    Variant.objects.create(
        video=video,
        url="https://0",
        state="stored",
        sha256="0" * 64,
        name="videos/0.mp4",
        bit_rate_bps=10**6,
        duration_seconds=10.0,
        **facts,
    )
    Annotation.objects.create(video=video, labeler=user, outcome="labeled", ai_gen=True)
    Settlement.objects.create(video=video, method="single", ai_gen=True)
    return video


def fill(first: int, count: int) -> None:
    """Copy the video with all that belongs to it, `count` times; the copies settle one after another."""
    from django.db import connection

    from bench.posts import copy
    from labeling.models import Annotation, DuplicateGroup, Post, Settlement, Variant, Video

    key, stable = f"({first} + i)", f"({first} + i) || '/0'"
    split = "CASE i % 10 WHEN 0 THEN 'test' WHEN 1 THEN 'validation' ELSE 'train' END"
    ai_gen, kling = "(i % 3 > 0)", "CASE WHEN i % 3 > 0 THEN i % 5 = 0 END"
    day = "t.created_at - (i % 40) * interval '1 day'"
    copy(Post, count, {"id": key, "x_id": f"{key}::text", "author_handle": "'author' || i % 997"})
    copy(DuplicateGroup, count, {"id": key, "key": stable, "number": key, "split": split})
    copy(Video, count, {
        "id": key, "post_id": key, "group_id": key, "key": stable, "split": split, "is_blind": "true",
    })  # fmt: skip
    labels = {"ai_gen": ai_gen, "kling": kling, "created_at": day}
    copy(Annotation, count, {"id": key, "video_id": key, **labels})
    copy(Settlement, count, {"id": key, "video_id": key, **labels})
    variant, sha256 = (
        f"({first} * {VARIANTS_EACH} + i)",
        f"encode(sha256((({first} + i)::text)::bytea), 'hex')",
    )
    copy(Variant, count * VARIANTS_EACH, {
        "id": variant, "video_id": f"{first} + 1 + (i - 1) / {VARIANTS_EACH}", "url": "'https://' || i",
        "sha256": sha256, "name": f"'videos/' || substr({sha256}, 1, 2) || '/' || {sha256} || '.mp4'",
        "width": "320 * (1 + i % 4)", "height": "180 * (1 + i % 4)", "fps": "24 + i % 7",
    })  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO labeling_settlement_annotations (settlement_id, annotation_id) "
            "SELECT %s + i, %s + i FROM generate_series(1, %s) i",
            [first, first, count],
        )
        cursor.execute(
            "UPDATE labeling_video SET settlement_id = id WHERE id > %s AND id <= %s", [first, first + count]
        )
        cursor.execute("VACUUM ANALYZE")


def put_files() -> None:
    """Put a file of one byte behind each variant: an export looks at each."""
    from labeling.models import Variant

    media = Path(os.environ["MEDIA_ROOT"])
    for name in {f"{number:02x}" for number in range(256)}:
        (media / "videos" / name).mkdir(parents=True, exist_ok=True)
    for name in Variant.objects.values_list("name", flat=True).iterator():
        (media / name).write_bytes(b"x")


def measure_export(template: Any, folder: Path) -> None:
    """Export in a process of its own, whose memory is its own."""
    fill(1_000_000, NUM_EXPORTED)
    put_files()
    begin = time.perf_counter()
    subprocess.run([sys.executable, __file__, "export"], check=True, cwd=ROOT)
    print(f"with the start of its process {time.perf_counter() - begin:.1f} s")


def export_and_report() -> None:
    import django

    django.setup()
    from training.export import export_batch

    begin = time.perf_counter()
    batch = export_batch()
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"export of {batch.num_videos:,} videos, {batch.num_videos * VARIANTS_EACH:,} encodings: "
        f"{seconds:.1f} s (bar 60), {peak:.0f} MB (bar 300)"
    )


def measure_pages() -> None:
    """Grow to a million videos and fifty versions, and look at the page as its visitors do."""
    from django.contrib.auth.models import User
    from django.test import Client

    from bench.posts import measure
    from training.pages import figures

    fill(10_000_000, NUM_VIDEOS - NUM_EXPORTED)
    make_versions()
    import_module("config.wsgi")
    client = Client()
    client.force_login(User.objects.get())
    print(f"{NUM_VIDEOS:,} videos, counted by the task in {figures.recount().seconds:.1f} s")
    for path in (
        "/batches/",
        "/batches/?all",
        "/batches/v5.0/",
        "/batches/v5.0/videos/",
        "/batches/-/waiting/",
    ):
        median, p95, num_queries = measure(client, path)
        print(f"{path:30} median {median:7.1f} ms, p95 {p95:7.1f} ms, {num_queries} queries")


def make_versions() -> None:
    """Make the other versions as rows; the newest holds all but the last thousand that settled."""
    from django.db import connection

    from training.models import TrainingBatch

    first = TrainingBatch.objects.get()
    for number in range(1, NUM_VERSIONS):
        TrainingBatch.objects.create(
            slug=f"v5.{number}",
            digest=f"{number:064x}",
            manifest_name=f"batches/{number}.parquet",
            exported_at=first.exported_at,
            label_counts=first.label_counts,
            facts=first.facts,
            **{f"num_{split}": getattr(first, f"num_{split}") for split in ("train", "validation", "test")},
        )
    newest = TrainingBatch.objects.latest("pk")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO training_batchitem (batch_id, settlement_id, split) SELECT %s, settlement_id, split "
            "FROM labeling_video WHERE settlement_id < (SELECT max(id) - 1000 FROM labeling_settlement)",
            [newest.pk],
        )
        cursor.execute("UPDATE training_trainingbatch SET state = 'exported' WHERE id <> %s", [first.pk])
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    os.chdir(ROOT)
    if sys.argv[1:] == ["export"]:
        export_and_report()
    else:
        main()
