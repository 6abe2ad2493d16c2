"""What collecting reaches against the stand-in for X: one process with threads, beside plain yt-dlp.

Posts per second of metadata; downloads per second beside `yt_dlp.YoutubeDL` with the same number of threads
in the same run; and memory over 2,000 posts. The stand-in runs in a process of its own.
"""

import gc
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, local
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

THREADS = int(os.environ.get("THREADS", "8"))
NUM_POSTS = int(os.environ.get("POSTS", "2000"))
NUM_FILES = int(os.environ.get("FILES", "160"))
FILE_BYTES = 2 * 1024 * 1024
MIB = 2**20

SITE = """
import sys, threading
from pathlib import Path
from tests.collecting.standin.x import Standin
folder, num_posts, num_files, num_bytes = Path(sys.argv[1]), *map(int, sys.argv[2:])
with Standin(folder) as standin:
    clip = standin.clip("bench", size="320x180", seconds=2)
    content = clip.read_bytes()
    content += (num_bytes - len(content)).to_bytes(4) + b"free" + bytes(num_bytes - len(content) - 8)
    ids = [standin.add_post([standin.add_video([clip])]) for _ in range(num_posts)]
    heavy = [standin.add_file(content) for _ in range(num_files)]
    import json
    print(json.dumps({"proxy": standin.proxy, "ca_file": standin.ca_file, "ids": ids, "files": heavy}))
    sys.stdout.flush()
    sys.stdin.read()
"""


def main() -> None:
    from bench._setup import django_on_postgres, machine
    from config.memory import use_few_arenas

    use_few_arenas()  # as every worker does
    with tempfile.TemporaryDirectory(prefix="cakelens-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "site").mkdir()
        with standin(folder / "site") as site:
            django_on_postgres(folder)
            point_to(site)
            print(f"{machine()}; {THREADS} threads, the stand-in beside them")
            report_metadata(site["ids"][:400])
            report_downloads(site, folder)
            report_whole(site["ids"])


@contextmanager
def standin(folder: Path) -> Iterator[dict[str, Any]]:
    arguments = map(str, (folder, NUM_POSTS, NUM_FILES, FILE_BYTES))
    process = subprocess.Popen(
        [sys.executable, "-c", SITE, *arguments],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "SECRET_KEY": secrets.token_hex(20)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def point_to(site: dict[str, Any]) -> None:
    from django.conf import settings

    settings.X_PROXY, settings.X_CA_FILE = site["proxy"], site["ca_file"]


def report_metadata(ids: list[str]) -> None:
    from labeling.collecting import x
    from labeling.collecting.config import x_settings

    settings = x_settings()
    with Team(lambda x_id: x.fetch_post(x_id, settings), ids) as team:
        seconds = team.work(ids)
    print(f"metadata: {len(ids) / seconds:.1f} posts/s")


def report_downloads(site: dict[str, Any], folder: Path) -> None:
    """Measure both sides in turns, so that a busy moment of the machine meets both."""
    num_turns, files = 4, site["files"]
    share = len(files) // num_turns
    with Team(plain_download(site, folder), files) as plain, Team(our_download(folder), files) as ours:
        teams = {"plain yt-dlp": plain, "cakelens": ours}
        spent = dict.fromkeys(teams, 0.0)
        for turn in range(num_turns):
            for name in list(teams)[:: 1 if turn % 2 else -1]:
                spent[name] += teams[name].work(files[turn * share : (turn + 1) * share])
    megabytes = share * num_turns * FILE_BYTES / 1e6
    for name, seconds in spent.items():
        print(f"download: {megabytes / seconds:8.1f} MB/s  {name}")
    print(f"download: {spent['plain yt-dlp'] / spent['cakelens']:8.2f} x plain yt-dlp")


def our_download(folder: Path) -> Callable[[str], object]:
    from labeling.collecting import media
    from labeling.collecting.config import x_settings

    settings, into = x_settings(), folder / "ours"

    def download(url: str) -> None:
        media.download(url, into, settings=settings, max_bytes=2**30).path.unlink()

    return download


def plain_download(site: dict[str, Any], folder: Path) -> Callable[[str], object]:
    """Return a download by yt-dlp's own file downloader, one instance a thread."""
    from yt_dlp import YoutubeDL

    own = local()
    (folder / "plain").mkdir()

    def download(url: str) -> None:
        if not hasattr(own, "ydl"):
            way = {"proxy": site["proxy"], "nocheckcertificate": True}
            own.ydl = YoutubeDL({"quiet": True, "noprogress": True, **way})
        path = folder / "plain" / url.rpartition("/")[2]
        is_done, _ = own.ydl.dl(str(path), {"url": url, "ext": "mp4", "protocol": "https"})
        assert is_done
        path.unlink()

    return download


def report_whole(ids: list[str]) -> None:
    """Collect every post through its jobs: asked, downloaded, verified, stored, ready to label."""
    from celery import current_app

    from labeling import tasks
    from labeling.collecting.adding import add_links
    from labeling.models import AddedHow, CollectJob, VariantJob, Video

    add_links([f"https://x.com/i/status/{x_id}" for x_id in ids], user=None, how=AddedHow.COMMAND)
    asking = list(CollectJob.objects.order_by("pk").values_list("pk", flat=True))
    steps, begin = 10, time.perf_counter()
    memory = [resident_bytes() / MIB]
    with ThreadPoolExecutor(THREADS) as pool:
        for step in range(steps):
            list(
                pool.map(
                    tasks.collect_post, asking[step * len(ids) // steps : (step + 1) * len(ids) // steps]
                )
            )
            storing = list(VariantJob.objects.unfinished().values_list("pk", flat=True))
            list(pool.map(tasks.store_variant, storing))
            current_app.control.purge()  # the rings for these jobs: no worker listens here
            gc.collect()
            memory.append(resident_bytes() / MIB)
    seconds = time.perf_counter() - begin
    ready = Video.objects.ready().count()
    print(f"whole: {ready:,} of {len(ids):,} posts ready to label, {ready / seconds:.1f} posts/s")
    told = " ".join(f"{value:.0f}" for value in memory)
    print(f"memory: MiB at the start and after each tenth: {told}")


class Team:
    """Threads that do one thing again and again; each has done it once before the clock starts."""

    def __init__(self, call: Callable[[Any], object], items: list[Any]) -> None:
        self._call = call
        self._pool = ThreadPoolExecutor(THREADS)
        ready = Barrier(THREADS)
        list(self._pool.map(lambda item: (call(item), ready.wait()), items[:THREADS]))

    def work(self, items: list[Any]) -> float:
        """Return the seconds that `items` took."""
        begin = time.perf_counter()
        list(self._pool.map(self._call, items))
        return time.perf_counter() - begin

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
