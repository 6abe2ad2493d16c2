"""The files of a batch in a few large tar files, which WebDataset reads, with an index into them.

A sample is a video: `KEY.mp4` is its largest encoding, `KEY.1.mp4` and so on the others, `KEY.json` its
row. `index.json` says for each file of the manifest in which shard its bytes lie, and where: a reader that
wants one seeks there, for nothing is compressed. It also has each shard's hash. Only bytes that are what the
manifest names are packed. The same batch gives the same bytes. Loads no Django.
"""

import hashlib
import io
import json
import re
import shutil
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Self

from training.batches.fetching import FetchError
from training.batches.manifest import Manifest
from training.batches.rows import SPLITS, ManifestRow, VariantRow
from training.batches.sources import Wanted
from training.files import sha256_of, written_durably

FOLDER = "shards"
INDEX = "index.json"
SHARD = re.compile(r"[a-z]+-[0-9]+\.tar")
SHARD_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Member:
    """Where a file of the manifest lies."""

    shard: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Index:
    """What is packed in a folder; `shards` are named and hashed as whole files."""

    digest: str
    shards: tuple[Wanted, ...]
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
            shards = [_shard(name, *facts) for name, facts in found["shards"].items()]
            return cls(str(found["digest"]), tuple(shards), files)
        except (ValueError, LookupError, TypeError, AttributeError) as exc:
            raise ValueError(
                f"{folder / INDEX} is damaged, or of an older version. "
                "Pack again: manage.py fetch_batch … --shards"
            ) from exc


def _shard(name: str, sha256: str, num_bytes: int) -> Wanted:
    """Return a shard of an index; a `ValueError` for a name that would lead elsewhere."""
    if not SHARD.fullmatch(name):
        raise ValueError(f"{name!r} is no shard's name")
    return Wanted(str(sha256), name, int(num_bytes))


@dataclass(slots=True)
class Writer:
    """Fills shard after shard; what is unfinished when an error comes is removed."""

    folder: Path
    most_bytes: int = SHARD_BYTES
    index: dict[str, Member] = field(default_factory=dict)
    shards: dict[str, tuple[str, int]] = field(default_factory=dict)

    def write(self, split: str, rows: Iterable[ManifestRow], media: Path) -> Iterator[ManifestRow]:
        """Pack the rows of a split and yield each when it is in.

        Raises:
            FetchError: A file is not what the manifest names.
        """
        pending = iter(rows)
        row = next(pending, None)
        while row is not None:
            name = f"{split}-{len(self.shards):05d}.tar"
            with written_durably(self.folder / name) as path:
                with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
                    while row is not None and tar.offset < self.most_bytes:
                        self._add(tar, name, row, media)
                        yield row
                        row = next(pending, None)
                self.shards[name] = sha256_of(path), path.stat().st_size

    def _add(self, tar: tarfile.TarFile, shard: str, row: ManifestRow, media: Path) -> None:
        key = sample_key(row)
        others = (variant for variant in row.variants if variant is not row.best_variant)
        for number, variant in enumerate((row.best_variant, *others)):
            suffix = PurePosixPath(variant.name).suffix
            inner = f"{key}.{number}{suffix}" if number else f"{key}{suffix}"
            _add_verified(tar, inner, variant, media)
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

    Raises:
        FetchError: A file is not what the manifest names. No index is left.
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


def packed(manifest: Manifest, into: Path) -> tuple[Wanted, ...]:
    """Return the shards of just these rows, by what they must be; none if nothing or something else is there.

    Reads none of them: whether they still are what was packed, `fetching.verify` tells.
    """
    try:
        index = Index.read(into)
    except (FileNotFoundError, ValueError):
        return ()
    return index.shards if index.digest == rows_digest(manifest) else ()


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


def _add_verified(tar: tarfile.TarFile, inner: str, variant: VariantRow, media: Path) -> None:
    """Pack a file's bytes, hashing them on their way."""
    with (media / variant.name).open("rb") as file:
        hashed = _Hashed(file)
        tar.addfile(_info(inner, variant.num_bytes), hashed)
    if hashed.sha256.hexdigest() != variant.sha256:
        raise FetchError(f"{media / variant.name} was altered while it was packed. Run it again.")


class _Hashed:
    """A file whose bytes are hashed as they are read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.sha256 = file, hashlib.sha256()

    def read(self, count: int = -1) -> bytes:
        content = self._file.read(count)
        self.sha256.update(content)
        return content


def _padded(size: int) -> int:
    return -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE


def _info(name: str, size: int) -> tarfile.TarInfo:
    """Return a header without times and owners: the same batch gives the same bytes."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    return info
