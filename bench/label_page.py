"""What `/label/` costs the server, at 2,000 and at 20,000 videos, on PostgreSQL.

Beside it, in the same run, the login page: what any page costs. A ratio between the two, and between the two
sizes, says more than milliseconds of one machine.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SIZES = (2_000, 20_000)
REQUESTS = 200


def main() -> None:
    from bench._setup import django_on_postgres

    with tempfile.TemporaryDirectory(prefix="cakelens-bench-") as folder:
        Path(folder).chmod(0o755)
        django_on_postgres(Path(folder))
        report(Path(folder))


def report(folder: Path) -> None:
    from bench._setup import machine
    from bench._videos import labeler, make_videos

    print(machine())
    print(f"{'videos':>8} {'page':10} {'median ms':>10} {'p95 ms':>8} {'queries':>8} {'× login page':>13}")
    client = labeler()
    made = 0
    for size in SIZES:
        make_videos(size - made, first=made)
        made = size
        login = measure(client, "/login/")
        page = measure(client, "/label/")
        for name, (median, p95, queries) in (("/login/", login), ("/label/", page)):
            print(f"{size:>8,} {name:10} {median:>10.1f} {p95:>8.1f} {queries:>8} {median / login[0]:>13.1f}")


def measure(client: object, path: str) -> tuple[float, float, int]:
    """Return median and 95th percentile in milliseconds, and the number of queries of one request."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    get = client.get  # type: ignore[attr-defined]
    get(path)
    with CaptureQueriesContext(connection) as queries:
        assert get(path).status_code == 200
    num_queries = len(queries)  # now: the next request empties the log
    times = []
    for _ in range(REQUESTS):
        begin = time.perf_counter()
        get(path)
        times.append((time.perf_counter() - begin) * 1000)
    times.sort()
    return statistics.median(times), times[int(len(times) * 0.95)], num_queries


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
