"""What labeling costs through the production server: gunicorn, HTTP with keep-alive, PostgreSQL.

At each size: 50 labelers with 3 s of think time (claim and answer, 95th percentiles), then 8 clients that
do not think (answers a second). At the end 50 labelers at once send 10,000 answers, each tenth of them twice,
and the tables are counted: no video answered twice, no answer lost or doubled.

SIZES=20000,1000000 SECONDS=60 python bench/labeling.py is the full run; the default is a short one.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SIZES = [int(size) for size in os.environ.get("SIZES", "2000,20000").split(",")]
SECONDS = float(os.environ.get("SECONDS", "20"))
THINK_SECONDS = 3.0
LABELERS, CLIENTS = 50, 8
ANSWERS = int(os.environ.get("ANSWERS", "2000"))
LABEL_STUDIO_PER_SECOND = 7.3
"""Label Studio 1.23 at 20,000 tasks, eight clients, on this kind of machine."""


def main() -> None:
    from bench._setup import django_on_postgres, machine

    with tempfile.TemporaryDirectory(prefix="cakelens-bench-") as folder:
        Path(folder).chmod(0o755)
        django_on_postgres(Path(folder))
        print(machine())
        from bench._labelers import tokens

        people = tokens(LABELERS)
        with gunicorn() as address:
            rows = [measure(size, people, address) for size in SIZES]
            growth(rows)
            drill(people, address)


@contextlib.contextmanager
def gunicorn() -> Any:
    """Serve as the image does (Dockerfile); yield host and port."""
    from tests.servers import free_port

    port = free_port()
    options = f"--bind 127.0.0.1:{port} --worker-class gthread --workers 2 --threads 8 --log-level warning"
    environment = os.environ | {"ALLOWED_HOSTS": "127.0.0.1", "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", *options.split()]
    server = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        _wait_for(port)
        yield "127.0.0.1", port
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    from http.client import HTTPConnection

    for _ in range(300):
        with contextlib.suppress(OSError):
            HTTPConnection("127.0.0.1", port, timeout=2).request("GET", "/healthz")
            return
        time.sleep(0.1)
    raise SystemExit("gunicorn did not start.")


def measure(size: int, people: list[str], address: tuple[str, int]) -> dict[str, float]:
    """Fill the tables up to `size` videos; return what was measured."""
    from bench._labelers import Labeler, fill, percentile

    begin = time.perf_counter()
    fill(size)
    print(f"{size:,} videos; filled in {time.perf_counter() - begin:.0f} s")
    warm = [Labeler(token, address) for token in people]
    run_all(warm, seconds=2, think=0.2)
    thinking = [Labeler(token, address) for token in people]
    run_all(thinking, seconds=SECONDS, think=THINK_SECONDS)
    claims = [taken for each in thinking for taken in each.claim_ms]
    answers = [taken for each in thinking for taken in each.answer_ms]
    row = {"claim": percentile(claims, 95), "answer": percentile(answers, 95)}
    print(
        f"  {LABELERS} labelers, {THINK_SECONDS:.0f} s think: claim median {percentile(claims, 50):.1f} ms, "
        f"p95 {row['claim']:.1f}; answer median {percentile(answers, 50):.1f}, p95 {row['answer']:.1f} "
        f"({len(answers):,} answers)"
    )
    row |= {"claim median": percentile(claims, 50), "answer median": percentile(answers, 50)}
    hurried = [Labeler(token, address) for token in people[:CLIENTS]]
    taken = run_all(hurried, seconds=SECONDS / 2, think=0)
    rate = sum(len(each.answer_ms) for each in hurried) / taken
    print(
        f"  {CLIENTS} clients without think time: {rate:.0f} answers/s, "
        f"{rate / LABEL_STUDIO_PER_SECOND:.1f} × Label Studio's {LABEL_STUDIO_PER_SECOND}"
    )
    return row


def run_all(labelers: list[Any], *, seconds: float, think: float) -> float:
    """Let each work in a thread of its own, begun one after the other; return the seconds it took."""
    begin = time.perf_counter()
    with ThreadPoolExecutor(len(labelers)) as pool:
        futures = [
            pool.submit(each.work, until=begin + seconds, think=think, first_pause=think * n / len(labelers))
            for n, each in enumerate(labelers)
        ]
        for future in futures:
            future.result()
    return time.perf_counter() - begin


def growth(rows: list[dict[str, float]]) -> None:
    if len(rows) > 1:
        ratios = (f"{name} {rows[-1][name] / rows[0][name]:.2f} ×" for name in rows[0])
        print(f"growth from {SIZES[0]:,} to {SIZES[-1]:,}: {', '.join(ratios)}")


def drill(people: list[str], address: tuple[str, int]) -> None:
    """Let everybody answer at once; count what the tables hold then."""
    from bench._labelers import Labeler, check

    each = ANSWERS // LABELERS
    labelers = [Labeler(token, address, resends=10) for token in people]
    begin = time.perf_counter()
    with ThreadPoolExecutor(LABELERS) as pool:
        list(pool.map(lambda labeler: labeler.answer_so_many(each), labelers))
    seconds = time.perf_counter() - begin
    taken = [pair for labeler in labelers for pair in labeler.taken]
    print(f"{LABELERS} labelers at once: {len(taken):,} answers in {seconds:.0f} s; {check(taken)}")


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
