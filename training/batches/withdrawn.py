"""The list of withdrawn videos as a file beside a fetched manifest: training without a database reads it."""

import json
from collections.abc import Iterable
from pathlib import Path

from training.batches.manifest import Manifest
from training.files import written_durably

NAME = "withdrawn.json"


def add(folder: Path, keys: Iterable[str]) -> list[str]:
    """Put keys on the list of a folder, and return all that are on it now.

    None is ever taken off: the folder may hold other batches, and versions of one, whose lists these are too.

    Raises:
        ValueError: The file there is no such list, and is left alone.
    """
    known = sorted({*read(folder), *keys})
    with written_durably(folder / NAME) as temporary:
        temporary.write_text(json.dumps({"videos": known}, indent=1) + "\n", encoding="utf-8")
    return known


def read(folder: Path) -> list[str]:
    """Return the keys; none where there is no list.

    Raises:
        ValueError: The file is no such list.
    """
    try:
        content = (folder / NAME).read_bytes()
    except FileNotFoundError:
        return []
    try:
        return keys_of(json.loads(content))
    except ValueError as exc:
        raise ValueError(
            f"{folder / NAME} is damaged. Remove it, and fetch every batch of its folder again."
        ) from exc


def keys_of(listed: object) -> list[str]:
    """Return the keys on a list as it was read.

    Raises:
        ValueError: It is no such list.
    """
    keys = listed.get("videos") if isinstance(listed, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise ValueError('a list of withdrawn videos must be {"videos": ["KEY", …]}')
    return keys


def taken_out(manifest: Manifest, keys: Iterable[str]) -> tuple[Manifest, int]:
    """Return the batch without those videos, and how many that were."""
    kept = manifest.without(set(keys))
    return kept, len(manifest.rows) - len(kept.rows)
