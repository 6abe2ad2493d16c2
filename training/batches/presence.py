"""Are the files of a batch in the storage, as large as their rows say? Every byte is for `verify_batch`."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from django.core.files.storage import default_storage

from labeling import storage
from training.batches.rows import ManifestRow, VariantRow

AT_ONCE = 32
"""Questions to a bucket at a time: each waits for the network."""

CHUNK = 1000


class Presence:
    """Looks after the files of rows that stream by, and keeps what is wrong."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def checked(self, rows: Iterable[ManifestRow]) -> Iterator[ManifestRow]:
        """Hand the rows on, their files looked after."""
        iterator = iter(rows)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while chunk := list(islice(iterator, CHUNK)):
                variants = [(row.video, variant) for row in chunk for variant in row.variants]
                sizes = map(_local_size, variants) if storage.is_local() else pool.map(_size, variants)
                for (video, variant), size in zip(variants, sizes, strict=True):
                    self._take(video, variant, size)
                yield from chunk

    def _take(self, video: str, variant: VariantRow, size: int | None) -> None:
        if size is None:
            self.problems.append(f"{variant.name} of video {video} is missing from the storage")
        elif size != variant.num_bytes:
            self.problems.append(f"{variant.name} of video {video} has {size} bytes, not {variant.num_bytes}")


def _local_size(named: tuple[str, VariantRow]) -> int | None:
    try:
        return os.stat(f"{default_storage.path('')}/{named[1].name}").st_size  # noqa: PTH116  # of 400,000
    except FileNotFoundError:
        return None


def _size(named: tuple[str, VariantRow]) -> int | None:
    try:
        with storage.as_a_disk():
            return int(default_storage.size(named[1].name))
    except FileNotFoundError:
        return None
