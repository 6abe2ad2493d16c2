from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from training.batches.manifest import ManifestError, canonical_digest, read_manifest, write_manifest
from training.batches.rows import ManifestRow

MakeRow = Callable[..., ManifestRow]
KNOWN_DIGEST = "5f627d3f37e75a65dbe1216b112a4c3a585454ffc95440937ca117e2fb62ac00"


def write(path: Path, rows: Sequence[ManifestRow], digest: str | None = None) -> Path:
    write_manifest(
        iter(rows),
        path,
        slug="v5.0",
        digest=digest or canonical_digest(rows),
        filters={"min_seconds": 1},
        created_at="2026-01-02T03:04:05+00:00",
    )
    return path


def read_table(path: Path) -> pa.Table:
    """Read a manifest's table with the facts of its footer, which another program may write again."""
    stored = parquet.read_metadata(path).metadata
    facts = {key: value for key, value in stored.items() if key != b"ARROW:schema"}
    return parquet.read_table(path).replace_schema_metadata(facts)


@pytest.fixture
def rows(make_row: MakeRow) -> list[ManifestRow]:
    return [
        make_row(1, KLING=True, VEO=False, author="ana", author_id="7", evidence=("author", "watermark")),
        make_row(2, ai_gen=False, split="validation", posted_at="2026-01-02T03:04:05+00:00"),
        make_row(3, split="test", kind="gif", variant={"fps": 29.97}),
    ]


def test_manifest_is_read_as_it_was_written(tmp_path: Path, rows: list[ManifestRow]) -> None:
    manifest = read_manifest(write(tmp_path / "v5.0.parquet", rows))

    assert [row.to_dict() for row in manifest.rows] == [row.to_dict() for row in rows]
    assert (manifest.slug, manifest.digest) == ("v5.0", canonical_digest(rows))
    assert (manifest.filters, manifest.created_at) == ({"min_seconds": 1}, "2026-01-02T03:04:05+00:00")


def test_rows_of_a_split(tmp_path: Path, rows: list[ManifestRow]) -> None:
    manifest = read_manifest(write(tmp_path / "m.parquet", rows))

    assert [row.video for row in manifest.of_split("validation")] == ["0002/0"]


def test_digest_of_known_rows_never_changes(rows: list[ManifestRow]) -> None:
    assert canonical_digest(rows) == KNOWN_DIGEST


def test_digest_changes_with_one_label(make_row: MakeRow) -> None:
    judged, not_judged = make_row(1, KLING=False), make_row(1)

    assert canonical_digest([judged]) != canonical_digest([not_judged])


def test_digest_does_not_depend_on_parquets_bytes(tmp_path: Path, rows: list[ManifestRow]) -> None:
    path = write(tmp_path / "m.parquet", rows)
    table = read_table(path)
    parquet.write_table(table, path, compression="none", row_group_size=1)

    assert read_manifest(path).digest == canonical_digest(rows)


def test_rows_must_come_sorted(rows: list[ManifestRow]) -> None:
    with pytest.raises(ValueError, match=r"sorted by video, each once: '0001/0' after '0003/0'"):
        canonical_digest(reversed([rows[0], rows[2]]))


def test_a_video_comes_once(rows: list[ManifestRow]) -> None:
    with pytest.raises(ValueError, match=r"'0001/0' after '0001/0'"):
        canonical_digest([rows[0], rows[0]])


def test_rows_of_another_digest_leave_the_old_file(tmp_path: Path, rows: list[ManifestRow]) -> None:
    path = write(tmp_path / "m.parquet", rows)

    with pytest.raises(ManifestError, match=r"m.parquet: rows have digest .* export the batch again"):
        write(path, rows[:1], digest="0" * 64)

    assert len(read_manifest(path).rows) == 3
    assert [file.name for file in tmp_path.iterdir()] == ["m.parquet"]


def test_altered_row_is_noticed(tmp_path: Path, rows: list[ManifestRow]) -> None:
    path = write(tmp_path / "m.parquet", rows)
    table = read_table(path)
    flipped = pa.array([False, False, False])
    parquet.write_table(table.set_column(table.schema.get_field_index("KLING"), "KLING", flipped), path)

    with pytest.raises(ManifestError, match=r"do not match the digest: the file was altered"):
        read_manifest(path)


def test_reordered_rows_are_noticed(tmp_path: Path, rows: list[ManifestRow]) -> None:
    path = write(tmp_path / "m.parquet", rows)
    parquet.write_table(read_table(path).take([2, 0, 1]), path)

    with pytest.raises(ManifestError, match=r"rows must be sorted by video"):
        read_manifest(path)


def test_rule_of_a_row_holds_in_a_file_too(tmp_path: Path, rows: list[ManifestRow]) -> None:
    path = write(tmp_path / "m.parquet", rows)
    table = read_table(path)
    splits = pa.array(["train", "dev", "test"])
    parquet.write_table(table.set_column(table.schema.get_field_index("split"), "split", splits), path)

    with pytest.raises(ManifestError, match=r"row '0002/0': split must be one of"):
        read_manifest(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"no such manifest. Check the path, or export the batch first."),
        (b"", r"is no Parquet file"),
        (b"PAR1 but not really", r"is no Parquet file"),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "m.parquet"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ManifestError, match=rf"m.parquet: {message}"):
        read_manifest(path)


def test_another_parquet_file_is_refused(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"video": ["a"]}), tmp_path / "m.parquet")

    with pytest.raises(ManifestError, match=r"is a Parquet file, but no batch manifest"):
        read_manifest(tmp_path / "m.parquet")


def test_newer_schema_is_refused(tmp_path: Path, rows: list[ManifestRow]) -> None:
    path = write(tmp_path / "m.parquet", rows)
    table = read_table(path)
    newer = {**(table.schema.metadata or {}), b"schema_version": b"2"}
    parquet.write_table(table.replace_schema_metadata(newer), path)

    with pytest.raises(ManifestError, match=r"has schema version 2, this program reads 1"):
        read_manifest(path)


def rename(path: Path, facts: dict[bytes, bytes]) -> None:
    """Write other facts into a manifest's footer."""
    table = read_table(path)
    parquet.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), **facts}), path)


@pytest.mark.parametrize(
    "slug", ["", ".", "..", "../../x", "/etc/x", "a/b", "a\\b", "-v5", "v5.0\n", "v\0", "v" * 41]
)
def test_name_that_leads_elsewhere_is_refused(tmp_path: Path, rows: list[ManifestRow], slug: str) -> None:
    path = write(tmp_path / "m.parquet", rows)
    rename(path, {b"slug": slug.encode()})

    with pytest.raises(ManifestError) as caught:
        read_manifest(path)

    assert f"m.parquet: calls its batch {slug!r}, which is no batch name. It was altered" in str(caught.value)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({b"created_at": b"\xff"}, r"is damaged \('utf-8' codec"),
        ({b"filters": b"\xff"}, r"is damaged \('utf-8' codec"),
        ({b"filters": b"{"}, r"is damaged: its filters are no JSON"),
        ({b"filters": b"[]"}, r"is damaged: its filters are no object, but \[\]"),
    ],
)
def test_damaged_footer_is_refused(
    tmp_path: Path, rows: list[ManifestRow], facts: dict[bytes, bytes], message: str
) -> None:
    path = write(tmp_path / "m.parquet", rows)
    rename(path, facts)

    with pytest.raises(ManifestError, match=rf"m\.parquet: {message}.*Fetch the manifest again"):
        read_manifest(path)


@pytest.mark.slow
def test_any_edited_byte_is_refused_in_words_or_changes_no_row(
    tmp_path: Path, rows: list[ManifestRow]
) -> None:
    path = write(tmp_path / "m.parquet", rows)
    content = path.read_bytes()

    for place in range(0, len(content), 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x80]) + content[place + 1 :])
        with suppress(ManifestError):
            assert canonical_digest(read_manifest(path).rows) == canonical_digest(rows)


@pytest.mark.slow
def test_rows_stream_in_groups(tmp_path: Path, make_row: MakeRow) -> None:
    def rows() -> Iterator[ManifestRow]:
        return (make_row(number) for number in range(2500))

    write_manifest(
        rows(), tmp_path / "m.parquet", slug="big", digest=canonical_digest(rows()), filters={}, created_at=""
    )

    assert parquet.ParquetFile(tmp_path / "m.parquet").num_row_groups == 3
    assert len(read_manifest(tmp_path / "m.parquet").rows) == 2500
