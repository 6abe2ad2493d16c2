"""A download's file while it grows: locked, hashed, resumable, and gone when it is of no use."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from labeling.collecting.errors import Permanent

PREFIX = "x-"
SNIFFED = 12


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A whole file under a temporary name; whoever asked for it moves or deletes it."""

    path: Path
    sha256: str
    num_bytes: int
    content_type: str


class Part:
    """What has arrived of one address, under a name made of it, beside the validator X gave for it.

    A later call goes on from there if X says the file is still the same. A lock keeps two downloads of
    one address apart: the second one gets a part of its own. Leaving the block with a `Permanent` error
    or a failure of the disk deletes the part; with any other error it stays for the next try.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self.name = PREFIX + hashlib.sha256(url.encode()).hexdigest()[:32]
        self.folder = folder
        self.is_shared = True
        self.content_type = ""

    def __enter__(self) -> "Part":
        self._file = self._open_locked()
        self._read_back()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):  # a full disk fails once more when the buffer is flushed
            self._file.close()
        if exc is not None and (not self.is_shared or isinstance(exc, Permanent | OSError)):
            self._path.unlink(missing_ok=True)
            self._beside.unlink(missing_ok=True)

    @property
    def _path(self) -> Path:
        return self.folder / f"{self.name}.part"

    @property
    def _beside(self) -> Path:
        return self.folder / f"{self.name}.validator"

    def _open_locked(self) -> BinaryIO:
        while True:
            file = self._path.open("a+b")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                self.name, self.is_shared = f"{self.name}-{uuid.uuid4().hex[:8]}", False
                continue
            if _is_at(file, self._path):
                return file
            file.close()  # it was finished and renamed between the two calls above

    def _read_back(self) -> None:
        self.validator = self._beside.read_text() if self._beside.exists() else ""
        self._hash = hashlib.sha256()
        self.num_bytes = 0
        if not self.validator:  # without one nobody can tell that the rest belongs to this part
            self._file.truncate(0)
        self._file.seek(0)
        while chunk := self._file.read(1024 * 1024):
            self._hash.update(chunk)
            self.num_bytes += len(chunk)

    def restart(self, validator: str) -> None:
        """Forget what has arrived; the file that begins now is the one `validator` stands for."""
        self._beside.unlink(missing_ok=True)
        self._file.seek(0)
        self._file.truncate(0)
        self._hash = hashlib.sha256()
        self.num_bytes = 0
        self.validator = validator
        if validator:
            self._beside.write_text(validator)

    def append(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self._hash.update(chunk)
        self.num_bytes += len(chunk)

    def head(self) -> bytes:
        """Return the first bytes, by which a kind of file is known."""
        self._file.flush()
        return os.pread(self._file.fileno(), SNIFFED, 0)

    def finish(self, suffix: str) -> Downloaded:
        """Make the file durable and give it a name that is nobody else's."""
        self._file.flush()
        os.fsync(self._file.fileno())
        path = self.folder / f"{self.name}-{uuid.uuid4().hex[:8]}{suffix}"
        self._path.rename(path)
        self._beside.unlink(missing_ok=True)
        return Downloaded(path, self._hash.hexdigest(), self.num_bytes, self.content_type)


def _is_at(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def sweep(folder: Path, *, older_than_seconds: float) -> int:
    """Delete what lies in `folder` and nobody has touched for so long; return how much it was.

    All that grows there counts: parts, finished files that no row came to name, copies, the folders of
    HLS downloads and exports. Parts that a running download holds are young, or locked.
    """
    oldest = time.time() - older_than_seconds
    stale = [path for path in folder.iterdir() if _changed_at(path) < oldest]
    return sum(_delete(path) for path in stale)


def _changed_at(path: Path) -> float:
    try:
        inside = [p.stat().st_mtime for p in path.iterdir()] if path.is_dir() else []
        return max([path.stat().st_mtime, *inside])
    except FileNotFoundError:
        return time.time()


def _delete(path: Path) -> bool:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
        return True
    try:
        file = path.open("rb")
    except FileNotFoundError:  # it was finished and moved away meanwhile
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        path.unlink(missing_ok=True)
    return True
