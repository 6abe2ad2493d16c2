"""What stands where the index of packed files should."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from training.batches import shards
from training.batches.manifest import Manifest
from training.batches.rows import ManifestRow

NO_INDEXES = [
    b"",
    b"\xff",
    b"null",
    b"[]",
    b"7",
    b"{}",
    b'{"digest": "a", "shards": null, "files": {}}',
    b'{"digest": "a", "shards": [], "files": []}',
    b'{"digest": "a", "shards": [], "files": {"a": ["train-0.tar", 0]}}',
    b'{"digest": "a", "shards": [], "files": {"a": ["train-0.tar", null, 1]}}',
]


@pytest.fixture
def manifest(make_row: Callable[..., ManifestRow]) -> Manifest:
    return Manifest(slug="v5.0", digest="", rows=(make_row(1),))


@pytest.mark.parametrize("content", NO_INDEXES)
def test_what_is_no_index_is_no_packing_and_is_said(
    tmp_path: Path, manifest: Manifest, content: bytes
) -> None:
    (tmp_path / "index.json").write_bytes(content)

    assert not shards.is_packed(manifest, tmp_path)
    with pytest.raises(ValueError, match=r"index\.json is damaged\. Pack again: manage\.py fetch_batch"):
        shards.Shards(tmp_path)


@pytest.mark.parametrize("name", ["", "..", "gone.tar", "a\0.tar"])
def test_index_of_shards_that_are_not_there_is_no_packing(
    tmp_path: Path, manifest: Manifest, name: str
) -> None:
    index = {"digest": shards.rows_digest(manifest), "shards": [name], "files": {}}
    (tmp_path / "index.json").write_text(json.dumps(index))

    assert not shards.is_packed(manifest, tmp_path)
