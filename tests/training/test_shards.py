"""What stands where the index of packed files should."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from training.batches import shards
from training.batches.fetching import FetchError
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
    b'{"digest": "a", "shards": {}, "files": []}',
    b'{"digest": "a", "shards": ["train-0.tar"], "files": {}}',
    b'{"digest": "a", "shards": {"train-0.tar": "hash"}, "files": {}}',
    b'{"digest": "a", "shards": {"train-0.tar": ["hash", null]}, "files": {}}',
    b'{"digest": "a", "shards": {}, "files": {"a": ["train-0.tar", 0]}}',
    b'{"digest": "a", "shards": {}, "files": {"a": ["train-0.tar", null, 1]}}',
]


@pytest.fixture
def manifest(make_row: Callable[..., ManifestRow]) -> Manifest:
    return Manifest(slug="v5.0", digest="", rows=(make_row(1),))


@pytest.mark.parametrize("content", NO_INDEXES)
def test_what_is_no_index_is_no_packing_and_is_said(
    tmp_path: Path, manifest: Manifest, content: bytes
) -> None:
    (tmp_path / "index.json").write_bytes(content)

    assert not shards.packed(manifest, tmp_path)
    with pytest.raises(
        ValueError,
        match=r"index\.json is damaged, or of an older version\. Pack again: manage\.py fetch_batch",
    ):
        shards.Shards(tmp_path)


@pytest.mark.parametrize("name", ["", "..", "../train-0.tar", "a\0.tar"])
def test_index_whose_shards_are_elsewhere_is_no_packing(
    tmp_path: Path, manifest: Manifest, name: str
) -> None:
    index = {"digest": shards.rows_digest(manifest), "shards": {name: ["0" * 64, 1]}, "files": {}}
    (tmp_path / "index.json").write_text(json.dumps(index))

    assert shards.packed(manifest, tmp_path) == ()


def test_index_of_other_rows_is_no_packing(tmp_path: Path, manifest: Manifest) -> None:
    index = {"digest": "of others", "shards": {"train-0.tar": ["0" * 64, 1]}, "files": {}}
    (tmp_path / "index.json").write_text(json.dumps(index))

    assert shards.packed(manifest, tmp_path) == ()


def test_file_altered_since_it_came_is_never_packed(
    tmp_path: Path, clip_rows: Callable[..., tuple[list[ManifestRow], Path]]
) -> None:
    rows, clips = clip_rows("train")
    media, variant = tmp_path / "media", rows[0].best_variant
    media.mkdir()
    (media / variant.name).write_bytes(bytes(variant.num_bytes))

    with pytest.raises(FetchError, match=rf"{variant.name} was altered while it was packed\. Run it again"):
        list(shards.pack(Manifest("v5.0", "", tuple(rows)), media, tmp_path / "shards"))

    assert (clips / variant.name).exists()
    assert not list((tmp_path / "shards").iterdir())
