"""What `/posts/` costs the server at 200,000 posts and 800,000 variants, on PostgreSQL.

Every way to narrow the list is asked for in turn. The bar is a 95th percentile under 100 ms and as many
queries for a full page as for a page of one post.
"""

import os
import statistics
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

NUM_POSTS = int(os.environ.get("POSTS", "200000"))
VARIANTS_EACH = 4
REQUESTS = 40
FIRST = 1_000_000
"""Keys of the copied rows begin behind those of the row they are copied from."""


def main() -> None:
    from bench._setup import django_on_postgres, machine

    with tempfile.TemporaryDirectory(prefix="cakelens-bench-") as folder:
        Path(folder).chmod(0o755)
        django_on_postgres(Path(folder))
        print(machine())
        few = fill_and_count_queries()
        report(few)


def fill_and_count_queries() -> int:
    """Fill the tables; return the queries that the list took when it held one post."""
    from bench._videos import labeler

    template = make_template()
    few = measure(labeler(), "/posts/", times=1)[2]
    begin = time.perf_counter()
    fill(template)
    seconds = time.perf_counter() - begin
    print(f"{NUM_POSTS:,} posts, {NUM_POSTS * VARIANTS_EACH:,} variants made in {seconds:.0f} s")
    return few


def make_template() -> Any:
    """Make the one post that all others are copies of."""
    from django.utils import timezone

    from labeling.models import CollectJob, DuplicateGroup, Post, Settlement, Variant, VariantJob, Video

    now = timezone.now()
    post = Post.objects.create(x_id="0", author_handle="a", text="", collected_at=now)
    CollectJob.objects.create(post=post, state="done")
    group = DuplicateGroup.objects.create(key="0/0", number=0, split="train")
    video = Video.objects.create(post=post, key="0/0", group=group, split="train", ready_at=now)
    sizes = {"width": 1280, "height": 720, "num_bytes": 10**6, "num_frames": 250}
    variant = Variant.objects.create(
        video=video, url="https://0", state="stored", sha256="0" * 64, name="videos/0.mp4", **sizes
    )
    VariantJob.objects.create(variant=variant, state="done")
    video.settlement = Settlement.objects.create(video=video, method="imported", ai_gen=True)
    video.save()
    return post


def fill(post: Any) -> None:
    """Copy the post with all that belongs to it. Of a thousand posts ten failed and five are coming in.

    Nine of ten are settled: half of those are AI, a tenth SORA, and three in all OVI.
    """
    from django.contrib.auth.models import User
    from django.db import connection

    from labeling.models import CollectJob, DuplicateGroup, Post, Settlement, Variant, VariantJob, Video

    group = DuplicateGroup.objects.get()
    user = User.objects.get().pk
    words = "'A short film number ' || i || ' ' || md5(i::text) || ' made with Veo 3 in ten minutes #ai'"
    key = f"({FIRST} + i)"
    copy(Post, NUM_POSTS, {
        "id": key, "x_id": "(1800000000000000000 + i)::text", "author_handle": "'Author' || i % 997",
        "text": words, "added_by_id": f"CASE WHEN i % 50 = 0 THEN {user} END",
        "created_at": "t.created_at - (200000 - i) * interval '1 minute'",
        "failure_kind": "CASE WHEN i % 100 = 0 THEN 'deleted' ELSE '' END",
        "deleted_on_x_at": "CASE WHEN i % 1000 = 1 THEN t.created_at END",
        "collected_at": "CASE WHEN i % 100 = 0 OR i % 1000 = 2 THEN NULL ELSE t.collected_at END",
    })  # fmt: skip
    copy(CollectJob, NUM_POSTS, {"id": key, "post_id": key})
    number, stable = f"{group.number} + i", "(1800000000000000000 + i) || '/0'"
    copy(DuplicateGroup, NUM_POSTS, {"id": key, "key": stable, "number": number})
    copy(
        Video, NUM_POSTS, {"id": key, "post_id": key, "group_id": key, "key": stable, "settlement_id": "NULL"}
    )
    copy(Settlement, NUM_POSTS, {
        "id": key, "video_id": key, "ai_gen": "i % 2 = 0", "sora": "i % 10 = 0",
        "ovi": "i % 2 = 0 AND i IN (1000, 50000, 150000)",
    })  # fmt: skip
    variant = f"({FIRST} + i)"
    copy(Variant, NUM_POSTS * VARIANTS_EACH, {
        "id": variant, "video_id": f"{FIRST + 1} + (i - 1) / {VARIANTS_EACH}", "url": "'https://' || i",
        "sha256": "md5(i::text) || md5(i::text)", "width": "320 * (1 + i % 4)",
        "state": "CASE WHEN i % 4000 = 1 THEN 'waiting' WHEN i % 4000 = 2 THEN 'failed' ELSE 'stored' END",
    })  # fmt: skip
    copy(VariantJob, NUM_POSTS * VARIANTS_EACH, {"id": variant, "variant_id": variant})
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE labeling_video SET settlement_id = id WHERE id >= %s AND id %% 10 <> 1", [FIRST]
        )
        cursor.execute("VACUUM ANALYZE")


def copy(model: Any, count: int, changed: dict[str, str]) -> None:
    """Copy the one row of `model` `count` times (i = 1 to `count`), with these columns computed."""
    from django.db import connection

    table = model._meta.db_table
    columns = [field.column for field in model._meta.concrete_fields]
    values = [changed.get(column, f't."{column}"') for column in columns]
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" ({names}) SELECT {", ".join(values)} '
            f'FROM (SELECT * FROM "{table}" LIMIT 1) t, generate_series(1, {count}) i'
        )


def report(few: int) -> None:
    from django.contrib.auth.models import User
    from django.test import Client

    import_module("config.wsgi")  # as a server has it: nothing that was loaded is collected again
    client = Client()
    client.force_login(User.objects.get())
    middle = FIRST + NUM_POSTS // 2
    print(f"{'page':50} {'median ms':>10} {'p95 ms':>8} {'queries':>8}")
    for path in (
        "/login/", "/posts/", f"/posts/?before={middle}", f"/posts/?after={FIRST}",
        "/posts/?state=collected", "/posts/?state=waiting", "/posts/?state=storing", "/posts/?state=failed",
        "/posts/?state=incomplete", "/posts/?state=deleted", "/posts/?author=author5",
        "/posts/?since=2020-01-01&until=2030-01-01", "/posts/?until=2020-01-01", "/posts/?by=bench",
        "/posts/?by=bench&state=failed", "/posts/?by=bench&since=2020-01-01",
        "/posts/?label=AI_GEN", "/posts/?label=NOT_AI", "/posts/?label=SORA", "/posts/?label=OVI",
        "/posts/?label=OVI&state=collected", "/posts/?label=SORA&author=author5", "/posts/?label=VEO",
        "/posts/?q=veo", "/posts/?q=number+777+", "/posts/?q=nowhere", "/posts/?q=ve",
        "/posts/?q=veo&state=failed", "/posts/?q=veo&label=OVI", "/posts/?q=nowhere&author=author5",
        "/posts/?author=nobody&state=incomplete", "/posts/?author=author5&state=storing",
        "/posts/?author=author5&since=2020-01-01&by=bench", "/posts/?state=deleted&by=bench&q=veo",
        f"/posts/{middle}/",
    ):  # fmt: skip
        median, p95, num_queries = measure(client, path)
        print(f"{path:50} {median:>10.1f} {p95:>8.1f} {num_queries:>8}")
    print(f"queries of a list of one post: {few}")


def measure(client: Any, path: str, *, times: int = REQUESTS) -> tuple[float, float, int]:
    """Return median and 95th percentile in milliseconds, and the number of queries of one request."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    num_queries = len(queries)
    taken = sorted(_timed(client, path) for _ in range(times))
    return statistics.median(taken), taken[int(len(taken) * 0.95)], num_queries


def _timed(client: Any, path: str) -> float:
    begin = time.perf_counter()
    client.get(path)
    return (time.perf_counter() - begin) * 1000


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
