"""The list of withdrawn videos as a file beside a fetched manifest: training without a database reads it."""

import json
from collections.abc import Iterable
from pathlib import Path

from training.batches.manifest import Manifest
from training.files import written_durably

NAME = "withdrawn.json"


def write(folder: Path, keys: Iterable[str]) -> None:
    with written_durably(folder / NAME) as temporary:
        temporary.write_text(json.dumps({"videos": sorted(keys)}, indent=1) + "\n", encoding="utf-8")


def read(folder: Path) -> list[str]:
    """Return the keys; none where there is no list.

    Raises:
        ValueError: The file is no such list.
    """
    try:
        content = (folder / NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    try:
        return [str(key) for key in json.loads(content)["videos"]]
    except (ValueError, KeyError, TypeError) as exc:
        raise ValueError(f"{folder / NAME} is damaged. Fetch the batch again.") from exc


def taken_out(manifest: Manifest, keys: Iterable[str]) -> tuple[Manifest, int]:
    """Return the batch without those videos, and how many that were."""
    kept = manifest.without(set(keys))
    return kept, len(manifest.rows) - len(kept.rows)
