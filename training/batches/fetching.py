"""Fetching the files of a batch: only what is missing, several at once, verified, and gone on with.

A file grows as `NAME.part`; what is there already is hashed again and gone on from. Whole and with the right
hash it gets its name in one step: a file that stands under its name was verified when it came. Whether it
still is what came, only reading it tells (`verify`). Loads no Django.
"""

import errno
import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from training.batches.rows import ManifestRow
from training.batches.sources import CHUNK, NotThere, Source, SourceError, Wanted

TRIES = 4
PAUSE_SECONDS = 0.5
"""Before the second try; doubled before each one after it."""

OnBytes = Callable[[int], object]


class FetchError(Exception):
    """The batch is not all here; the message says why and what to do. What came is kept."""


class Stopped(Exception):
    """A person asked to stop."""


class Altered(SourceError):
    """What came is not what the manifest names."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """How one file fared; `problem` is empty if it is here."""

    wanted: Wanted
    problem: str = ""


def wanted_files(rows: Iterable[ManifestRow]) -> list[Wanted]:
    """Return the files that rows name, each once."""
    found = {
        variant.name: Wanted(variant.sha256, variant.name, variant.num_bytes)
        for row in rows
        for variant in row.variants
    }
    return list(found.values())


def missing(files: Iterable[Wanted], into: Path) -> list[Wanted]:
    """Return the files that are not in the folder, or not of their size. Reads none of them."""
    return [wanted for wanted in files if _size(into / wanted.name) != wanted.num_bytes]


def check_room(files: Iterable[Wanted], into: Path) -> None:
    """Refuse to begin what cannot end.

    Raises:
        FetchError: The disk is too small.
    """
    needed = sum(wanted.num_bytes - (_size(part_of(into, wanted)) or 0) for wanted in files)
    free = shutil.disk_usage(into).free
    if needed > free:
        raise FetchError(f"{into} lacks room: {needed:,} bytes are missing and {free:,} are free.")


def fetch(
    files: Sequence[Wanted],
    source: Source,
    into: Path,
    *,
    jobs: int,
    stop: Event,
    on_bytes: OnBytes = lambda count: None,
) -> Iterator[Fetched]:
    """Fetch files and yield each when it is here, or cannot be.

    Raises:
        FetchError: The disk is full or cannot be written. What came is kept.
        Stopped: `stop` was set.
    """
    for folder in {(into / wanted.name).parent for wanted in files}:
        folder.mkdir(parents=True, exist_ok=True)

    def work(wanted: Wanted, meter: _Meter) -> str:
        return _fetch_one(wanted, source, into, stop, meter)

    try:
        yield from _each(work, files, jobs, stop, on_bytes)
    except OSError as exc:
        raise FetchError(f"Cannot write to {into}: {exc.strerror}. {_remedy(exc)}") from exc


def verify(
    files: Sequence[Wanted], source: Source, *, jobs: int, stop: Event, on_bytes: OnBytes = lambda count: None
) -> Iterator[Fetched]:
    """Read every byte where it lies, and yield each file with what is wrong with it.

    Raises:
        Stopped: `stop` was set.
    """

    def work(wanted: Wanted, meter: _Meter) -> str:
        return _verify_one(wanted, source, stop, meter)

    return _each(work, files, jobs, stop, on_bytes)


def _remedy(error: OSError) -> str:
    return (
        "Free some room and run it again." if error.errno == errno.ENOSPC else "Mend that and run it again."
    )


class _Meter:
    """Tells how far one file is, also backwards when it must begin anew."""

    def __init__(self, on_bytes: OnBytes) -> None:
        self._on_bytes, self._at = on_bytes, 0

    def at(self, position: int) -> None:
        self._on_bytes(position - self._at)
        self._at = position


Work = Callable[[Wanted, _Meter], str]
"""Fetches or verifies one file, and returns what is wrong with it: nothing, if nothing is."""


def _each(
    work: Work, files: Sequence[Wanted], jobs: int, stop: Event, on_bytes: OnBytes
) -> Iterator[Fetched]:
    """Work on several files at once, and yield each when it is done with."""
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(_in_tries, work, wanted, stop, on_bytes) for wanted in files]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            stop.set()  # left early: the others end, too; after the last one it means nothing
            pool.shutdown(cancel_futures=True)


def _in_tries(work: Work, wanted: Wanted, stop: Event, on_bytes: OnBytes) -> Fetched:
    """Work on one file, again when what failed may pass."""
    meter = _Meter(on_bytes)
    for number in range(TRIES):
        try:
            return Fetched(wanted, work(wanted, meter))
        except NotThere as exc:
            return Fetched(wanted, str(exc))
        except SourceError as exc:
            problem = str(exc)
        if number < TRIES - 1 and stop.wait(PAUSE_SECONDS * 2**number):
            raise Stopped
    return Fetched(wanted, problem)


def _fetch_one(wanted: Wanted, source: Source, into: Path, stop: Event, meter: _Meter) -> str:
    part = part_of(into, wanted)
    have, sha256 = _hash_start(part, wanted)
    begin, chunks = source.read(wanted, have) if have < wanted.num_bytes else (have, iter(()))
    count, sha256 = (have, sha256) if begin == have else (0, hashlib.sha256())
    meter.at(count)
    with part.open("ab" if count else "wb") as file:
        for chunk in chunks:
            if stop.is_set():
                raise Stopped
            file.write(chunk)
            sha256.update(chunk)
            count += len(chunk)
            meter.at(count)
    if count < wanted.num_bytes:
        raise SourceError(f"the connection ended after {count:,} of {wanted.num_bytes:,} bytes")
    if sha256.hexdigest() != wanted.sha256:
        meter.at(0)
        part.unlink()
        raise Altered("what comes is not what the manifest names: its sha256 differs")
    part.replace(into / wanted.name)
    return ""


def _hash_start(part: Path, wanted: Wanted) -> tuple[int, "hashlib._Hash"]:
    """Hash what came of a file earlier; return how much that is. More than the whole is nothing."""
    size, sha256 = _size(part) or 0, hashlib.sha256()
    if size > wanted.num_bytes:
        part.unlink()
        return 0, sha256
    if size:
        with part.open("rb") as file:
            while chunk := file.read(CHUNK):
                sha256.update(chunk)
    return size, sha256


def part_of(into: Path, wanted: Wanted) -> Path:
    return into / f"{wanted.name}.part"


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _verify_one(wanted: Wanted, source: Source, stop: Event, meter: _Meter) -> str:
    sha256, count = hashlib.sha256(), 0
    meter.at(0)
    for chunk in source.read(wanted)[1]:
        if stop.is_set():
            raise Stopped
        sha256.update(chunk)
        count += len(chunk)
        meter.at(count)
    if count != wanted.num_bytes:
        return f"has {count:,} bytes, not {wanted.num_bytes:,}"
    return "" if sha256.hexdigest() == wanted.sha256 else "altered: its sha256 differs"
