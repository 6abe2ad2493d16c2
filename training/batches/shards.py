"""The files of a batch in a few large tar files, which WebDataset reads, with an index into them.

A sample is a video: `KEY.mp4` is its largest encoding, `KEY.1.mp4` and so on the others, `KEY.json` its
row. `index.json` says for each file of the manifest in which shard its bytes lie, and where: a reader that
wants one seeks there, for nothing is compressed. The same batch gives the same bytes. Loads no Django.
"""

import hashlib
import io
import json
import re
import shutil
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Self

from training.batches.manifest import Manifest
from training.batches.rows import SPLITS, ManifestRow, VariantRow
from training.files import written_durably

FOLDER = "shards"
INDEX = "index.json"
SHARD_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Member:
    """Where a file of the manifest lies."""

    shard: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Index:
    """What is packed in a folder."""

    digest: str
    shards: tuple[str, ...]
    files: Mapping[str, Member]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the index of a folder.

        Raises:
            FileNotFoundError: Nothing is packed there.
            ValueError: The file is no such index.
        """
        try:
            found = json.loads((folder / INDEX).read_bytes())
            files = {
                name: Member(str(shard), int(offset), int(size))
                for name, (shard, offset, size) in found["files"].items()
            }
            return cls(str(found["digest"]), tuple(map(str, found["shards"])), files)
        except (ValueError, LookupError, TypeError, AttributeError) as exc:
            raise ValueError(
                f"{folder / INDEX} is damaged. Pack again: manage.py fetch_batch … --shards"
            ) from exc


@dataclass(slots=True)
class Writer:
    """Fills shard after shard; what is unfinished when an error comes is removed."""

    folder: Path
    most_bytes: int = SHARD_BYTES
    index: dict[str, Member] = field(default_factory=dict)
    shards: list[str] = field(default_factory=list)

    def write(self, split: str, rows: Iterable[ManifestRow], media: Path) -> Iterator[ManifestRow]:
        """Pack the rows of a split and yield each when it is in."""
        pending = iter(rows)
        row = next(pending, None)
        while row is not None:
            name = f"{split}-{len(self.shards):05d}.tar"
            with ExitStack() as stack:
                path = stack.enter_context(written_durably(self.folder / name))
                tar = stack.enter_context(tarfile.open(path, "w", format=tarfile.USTAR_FORMAT))
                while row is not None and tar.offset < self.most_bytes:
                    self._add(tar, name, row, media)
                    yield row
                    row = next(pending, None)
            self.shards.append(name)

    def _add(self, tar: tarfile.TarFile, shard: str, row: ManifestRow, media: Path) -> None:
        key = sample_key(row)
        others = (variant for variant in row.variants if variant is not row.best_variant)
        for number, variant in enumerate((row.best_variant, *others)):
            suffix = PurePosixPath(variant.name).suffix
            inner = f"{key}.{number}{suffix}" if number else f"{key}{suffix}"
            with (media / variant.name).open("rb") as file:
                tar.addfile(_info(inner, variant.num_bytes), file)
            start = tar.offset - _padded(variant.num_bytes)
            self.index[variant.name] = Member(shard, start, variant.num_bytes)
        content = json.dumps(row.to_dict(), sort_keys=True).encode()
        tar.addfile(_info(f"{key}.json", len(content)), io.BytesIO(content))


def pack(
    manifest: Manifest, media: Path, into: Path, *, most_bytes: int = SHARD_BYTES
) -> Iterator[ManifestRow]:
    """Pack a batch whose files are in `media`; yield each video when it is in.

    The index is written last: where it stands, the shards are whole. Packing that was broken off is begun
    anew.
    """
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    writer = Writer(into, most_bytes)
    for split in SPLITS:
        yield from writer.write(split, manifest.of_split(split), media)
    values = {
        "batch": manifest.slug,
        "digest": rows_digest(manifest),
        "shards": writer.shards,
        "files": {name: [member.shard, member.offset, member.size] for name, member in writer.index.items()},
    }
    with written_durably(into / INDEX) as temporary:
        temporary.write_text(json.dumps(values) + "\n", encoding="utf-8")


def is_packed(manifest: Manifest, into: Path) -> bool:
    """Tell whether shards of just these rows are there."""
    try:
        index = Index.read(into)
    except (FileNotFoundError, ValueError):
        return False
    is_whole = all((into / name).is_file() for name in index.shards)
    return is_whole and index.digest == rows_digest(manifest)


def rows_digest(manifest: Manifest) -> str:
    """Return the digest of the rows that are left: withdrawn videos are in no shard."""
    digest = hashlib.sha256()
    for row in manifest.rows:
        digest.update(row.canonical_line())
    return digest.hexdigest()


class Shards:
    """Random access to packed files, by their names in the manifest.

    Raises:
        FileNotFoundError: Nothing is packed there.
        ValueError: The index is none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.members = Index.read(folder).files

    def read(self, variant: VariantRow) -> bytes:
        member = self.members[variant.name]
        with (self.folder / member.shard).open("rb") as file:
            file.seek(member.offset)
            return file.read(member.size)


def sample_key(row: ManifestRow) -> str:
    """Return the name of a video in a tar: no slash, and no dot, where WebDataset ends the key."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", row.video)


def _padded(size: int) -> int:
    return -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE


def _info(name: str, size: int) -> tarfile.TarInfo:
    """Return a header without times and owners: the same batch gives the same bytes."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    return info
