"""Are the files of a batch here, and are they what was exported?"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from training.batches.rows import ManifestRow, VariantRow
from training.files import sha256_of


def check_media(rows: Sequence[ManifestRow], media_dir: Path) -> Iterator[str | None]:
    """Yield for each file what is wrong with it, None if nothing is; every byte is read."""
    variants = [variant for row in rows for variant in row.variants]
    # Hashing lets other threads run: as many files at once as there are cores.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(partial(problem, media_dir=media_dir), variants)


def problem(variant: VariantRow, media_dir: Path) -> str | None:
    """Say what is wrong with a file, in a few words."""
    path = media_dir / variant.name
    try:
        if path.stat().st_size != variant.num_bytes:
            return f"{path} (has {path.stat().st_size} bytes, not {variant.num_bytes})"
        digest = sha256_of(path)
    except FileNotFoundError:
        return f"{path} (missing)"
    except OSError as exc:
        return f"{path} ({exc.strerror})"
    return None if digest == variant.sha256 else f"{path} (altered)"
