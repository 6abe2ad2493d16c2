"""What verifying and fetching the files of a batch take beside the shell's `sha256sum` and a plain copy.

The bars: 0.8 of `sha256sum` over the same files, and from a bucket on this machine 0.8 of a plain parallel
copy, in the same run. Plain copies are three: curl, boto3, and a loop that only receives and writes.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

NUM_FILES, FILE_BYTES = 200, 4_000_000
"""What is verified and fetched: 800 MB."""

JOBS = 8
REPEATS = 3

Copy = Callable[[Any, Any, int], None]


def main() -> None:
    from bench._setup import machine

    print(machine())
    with tempfile.TemporaryDirectory(prefix="cakelens-bench-") as name:
        measure_files(Path(name))


def measure_files(folder: Path) -> None:
    """Verify and fetch real files beside what the shell, and a plain copy, take for the same."""
    from tests.s3 import bucket
    from training.batches.fetching import fetch, verify
    from training.batches.sources import Address, Folder, Web

    files = make_files(folder / "files")
    stop = threading.Event
    theirs = best(lambda: sha256sum(folder / "files"))
    ours = best(lambda: all_good(verify(files, Folder(folder / "files"), jobs=JOBS, stop=stop())))
    report("verify", "sha256sum", ours, theirs)
    with bucket(folder / "s3") as options:
        sign = fill_bucket(folder / "files", files, options)
        urls = {wanted.name: sign(wanted.name) for wanted in files}
        web = Web(lambda wanted: Address(urls[wanted.name], {}), connections=JOBS)
        into = folder / "into"
        curl = best(lambda: curl_copy(urls, into), into)
        boto = best(lambda: boto_copy(options, urls, into), into)
        plain = best(lambda: plain_copy(urls, into), into)
        hashed = best(lambda: plain_copy(urls, into, copy_and_hash), into)
        ours = best(lambda: all_good(fetch(files, web, into, jobs=JOBS, stop=stop())), into)
        report("fetch", "curl --parallel", ours, curl)
        report("fetch", "boto3 in threads", ours, boto)
        report("fetch", "bare loop in threads", ours, plain)
        report("fetch", "bare loop that hashes", ours, hashed)
        report("bare loop that hashes", "bare loop in threads", hashed, plain)


def report(what: str, other: str, ours: float, theirs: float) -> None:
    rate = NUM_FILES * FILE_BYTES / 1e6
    print(f"{what}: {rate / ours:.0f} MB/s, {other}: {rate / theirs:.0f} MB/s, {theirs / ours:.2f}×")


def best(work: Callable[[], object], into: Path | None = None) -> float:
    """Return the least seconds of some runs, each into an emptied folder: this machine may do other things.

    The runs of one kind follow each other: the first one may have to take its memory from the host.
    """
    return min(_seconds(work, into) for _ in range(REPEATS))


def _seconds(work: Callable[[], object], into: Path | None) -> float:
    if into:
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir()
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def make_files(folder: Path) -> list[Any]:
    from training.batches.sources import Wanted

    folder.mkdir()
    files = []
    for number in range(NUM_FILES):
        content = os.urandom(FILE_BYTES)
        (folder / f"{number}.mp4").write_bytes(content)
        files.append(Wanted(hashlib.sha256(content).hexdigest(), f"{number}.mp4", FILE_BYTES))
    return files


def sha256sum(folder: Path) -> None:
    subprocess.run(["sha256sum", *folder.iterdir()], check=True, stdout=subprocess.DEVNULL)


def all_good(found: Any) -> None:
    assert all(not each.problem for each in found)


def fill_bucket(folder: Path, files: list[Any], options: dict[str, Any]) -> Callable[[str], str]:
    """Put the files into the bucket; return what signs their addresses."""
    client, name = client_of(options), options["bucket_name"]
    for wanted in files:
        client.upload_file(str(folder / wanted.name), name, wanted.name)
    return lambda key: str(client.generate_presigned_url("get_object", {"Bucket": name, "Key": key}))


def client_of(options: dict[str, Any]) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=options["endpoint_url"],
        aws_access_key_id=options["access_key"],
        aws_secret_access_key=options["secret_key"],
        region_name=options["region_name"],
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, max_pool_connections=JOBS),
    )


def curl_copy(urls: dict[str, str], into: Path) -> None:
    """Do what a shell does: as many transfers at once, in one process."""
    lines = [f'url = "{url}"\noutput = "{into / name}"' for name, url in urls.items()]
    subprocess.run(
        ["curl", "--fail", "--silent", "--parallel", "--parallel-max", str(JOBS), "--config", "-"],
        input="\n".join(lines),
        text=True,
        check=True,
        stderr=subprocess.DEVNULL,
    )


def boto_copy(options: dict[str, Any], names: Iterable[str], into: Path) -> None:
    """Do what Python programs do: the vendor's own library, a file a thread."""
    from boto3.s3.transfer import TransferConfig

    client, whole = client_of(options), TransferConfig(use_threads=False)

    def one(name: str) -> None:
        client.download_file(options["bucket_name"], name, str(into / name), Config=whole)

    with ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(one, names))


def plain_copy(urls: dict[str, str], into: Path, copy: Copy = shutil.copyfileobj) -> None:
    """Do the least that Python can: as many threads, checking nothing."""

    def one(item: tuple[str, str]) -> None:
        with urllib.request.urlopen(item[1]) as response, (into / item[0]).open("wb") as file:
            copy(response, file, 1 << 20)

    with ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(one, urls.items()))


def copy_and_hash(source: Any, file: Any, length: int) -> None:
    """Do the least that a verified copy can."""
    sha256 = hashlib.sha256()
    while chunk := source.read(length):
        sha256.update(chunk)
        file.write(chunk)


if __name__ == "__main__":
    main()
