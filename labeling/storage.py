"""Content-addressed files in Django's storage: a name is the sha256 of what it holds.

Nothing refers to a file that is not there: a file is written under a temporary name, made durable and
moved in whole, and only then does a row name it (docs/adr/0003).
"""

import errno
import hashlib
import io
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage, storages

CHUNK = 1024 * 1024
INSUFFICIENT_STORAGE = 507
FULL = {"InsufficientStorage", "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"}
"""What servers with S3's interface call it, where S3 itself is never full."""


class BucketError(OSError):
    """The bucket does not answer, or refuses; its `errno` is ENOSPC where it is full, as a disk's is."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is in the storage, whole."""

    sha256: str
    name: str
    num_bytes: int


def hash_file(file: BinaryIO) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # any binary file does


def stored_name(sha256: str, suffix: str, *, folder: str = "videos") -> str:
    """Return the one name these bytes have: `videos/ab/cd/abcd….mp4`."""
    return f"{folder}/{sha256[:2]}/{sha256[2:4]}/{sha256}{suffix}"


def store_file(path: Path, suffix: str, *, folder: str = "videos") -> Stored:
    """Copy the file at `path` into the storage. The same bytes are stored once."""
    with path.open("rb") as file:
        return _store(file, suffix, folder)


def move_in(path: Path, suffix: str, *, sha256: str, folder: str = "videos") -> Stored:
    """Make the file at `path`, durable and of a known hash, the storage's own. It is gone from `path`.

    Costs no second reading and, from `temporary_folder()`, no copy.
    """
    num_bytes = path.stat().st_size
    name = stored_name(sha256, suffix, folder=folder)
    if _is_whole(name, num_bytes):
        path.unlink()
    elif is_local():
        _rename(path, Path(default_storage.path(name)))
    else:
        store_as(path, name)
        path.unlink()
    return Stored(sha256, name, num_bytes)


def store_bytes(content: bytes, suffix: str, *, folder: str) -> Stored:
    """Store `content`: a poster, say."""
    return _store(io.BytesIO(content), suffix, folder)


def store_as(path: Path, name: str) -> None:
    """Put the file at `path` into the storage under `name`, whole, in place of what is there."""
    with path.open("rb") as file:
        _put(file, name)


def is_there(name: str) -> bool:
    with as_a_disk():
        return bool(default_storage.exists(name))


def delete(name: str) -> None:
    """Delete a file; one that is not there is deleted already."""
    with as_a_disk():
        default_storage.delete(name)


def _store(file: BinaryIO, suffix: str, folder: str) -> Stored:
    sha256 = hash_file(file)
    num_bytes = file.tell()
    name = stored_name(sha256, suffix, folder=folder)
    if not _is_whole(name, num_bytes):
        _put(file, name)
    return Stored(sha256, name, num_bytes)


def _put(file: BinaryIO, name: str) -> None:
    file.seek(0)
    if is_local():
        _move_in(file, Path(default_storage.path(name)))
    else:
        with as_a_disk():
            default_storage.save(name, File(file))  # one PUT: S3 shows an object whole or not at all


def _is_whole(name: str, num_bytes: int) -> bool:
    with as_a_disk():
        return default_storage.exists(name) and default_storage.size(name) == num_bytes


@contextmanager
def as_a_disk() -> Iterator[None]:
    """Raise what a bucket's client raises as an `OSError`: to callers a bucket is one more disk."""
    if is_local():
        yield
        return
    # Installed where there is a bucket.
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as exc:
        status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        is_full = status == INSUFFICIENT_STORAGE or exc.response.get("Error", {}).get("Code") in FULL
        raise BucketError(errno.ENOSPC if is_full else errno.EIO, _words(exc)) from exc
    except BotoCoreError as exc:
        raise BucketError(errno.EIO, _words(exc)) from exc


def _words(exc: Exception) -> str:
    return f"bucket {settings.S3_BUCKET}: {str(exc)[:300].rstrip('.')}"


def _move_in(file: BinaryIO, target: Path) -> None:
    temporary = temporary_folder() / uuid.uuid4().hex
    try:
        with temporary.open("wb") as copy:
            shutil.copyfileobj(file, copy, CHUNK)
            copy.flush()
            os.fsync(copy.fileno())
        _rename(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _rename(path: Path, target: Path) -> None:
    """Move a durable file to its place, durably: a row that names it may be committed right after."""
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def temporary_folder() -> Path:
    """Where files grow until they are whole: beside the media, so that the last move is a rename."""
    folder = Path(settings.MEDIA_ROOT) / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def is_local() -> bool:
    """Tell whether stored files are plain files of this machine."""
    return not settings.S3_BUCKET


def file_url(name: str) -> str:
    """Return where a browser plays the file from, with byte ranges: our own view, or the bucket."""
    return settings.FILES_URL + name if is_local() else str(storages["public"].url(name))


def local_path(name: str) -> Path | None:
    """Return the stored file's path on this machine, None if it lives in a bucket."""
    return Path(default_storage.path(name)) if is_local() else None


def place_of(name: str) -> str:
    """Say where a stored file is, or should be, so that a person can look there."""
    return default_storage.path(name) if is_local() else f"s3://{settings.S3_BUCKET}/{name}"


def local_copy(name: str, *, anew: bool = False) -> Path:
    """Return a stored file as a path of this machine, fetching it from the bucket once, or `anew`.

    Raises:
        FileNotFoundError: It is not in the storage.
        BucketError: The bucket does not give it now; what was fetched before is kept.
    """
    local = local_path(name)
    if local is not None:
        local.stat()  # FileNotFoundError, before a decoder says it in its own words
        return local
    path = Path(settings.VAR_DIR) / "fetched" / name
    if anew or not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _fetch(name, path)
    return path


@contextmanager
def borrowed(name: str) -> Iterator[Path]:
    """Give a stored file as a path of this machine for as long as the block runs; nothing of it is kept.

    Raises:
        OSError: It is not in the storage, or cannot be fetched.
    """
    local = local_path(name)
    if local is not None:
        local.stat()  # FileNotFoundError, before a decoder says it in its own words
        yield local
        return
    path = temporary_folder() / f"{uuid.uuid4().hex}{Path(name).suffix}"
    try:
        _fetch(name, path)
        yield path
    finally:
        path.unlink(missing_ok=True)


def _fetch(name: str, path: Path) -> None:
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with as_a_disk(), default_storage.open(name, "rb") as source, temporary.open("wb") as target:
            shutil.copyfileobj(source, target, CHUNK)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
