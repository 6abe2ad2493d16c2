"""Files that outlive a power cut, and their hashes."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cakelens.files import written_whole


@contextmanager
def written_durably(path: Path) -> Iterator[Path]:
    """Give a name to write to; whole and on the disk it becomes `path`, or on an error it is removed.

    The rename must not reach the disk before the bytes do: an empty file would stand under a good name.
    """
    with written_whole(path) as temporary:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
