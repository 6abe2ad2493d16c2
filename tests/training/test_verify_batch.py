"""`verify_batch`: whatever changed since the export is found, by name."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from labeling.models import Video
from tests.factories import make_settlement
from tests.files import make_filed_video, path_of
from training import export
from training.batches import verifying, withdrawing
from training.models import TrainingBatch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def batch() -> TrainingBatch:
    for content in (b"one", b"two", b"three"):
        make_settlement(make_filed_video(content))
    return export.export_batch()


def a_file() -> Path:
    return path_of(Video.objects.earliest("pk").variants.get())


def test_batch_as_it_was_exported_is_good(batch: TrainingBatch, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_batch", batch.slug)

    assert "v5.0: 3 videos and 3 files are what was exported." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.write_bytes(b"on"), "has 2 bytes, not 3"),
        (lambda path: path.write_bytes(b"0ne"), "altered: its sha256 differs"),
    ],
)
def test_each_bad_file_is_named(
    batch: TrainingBatch,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path], object],
    problem: str,
) -> None:
    spoil(a_file())

    with pytest.raises(CommandError, match=r"1 of 3 files of v5\.0 is bad"):
        call_command("verify_batch", batch.slug)

    assert f"{a_file().name}: {problem}" in capsys.readouterr().err.replace("\n", "")


@pytest.mark.slow
def test_manifest_edited_by_one_byte_is_found_wherever_the_byte_is(batch: TrainingBatch) -> None:
    path = Path(default_storage.path(batch.manifest_name))
    content = path.read_bytes()

    for place in range(0, len(content), len(content) // 40):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(CommandError):
            call_command("verify_batch", batch.slug)


def test_manifest_of_another_batch_is_found(batch: TrainingBatch) -> None:
    make_settlement(make_filed_video(b"four"))
    other = export.export_batch()
    stolen = Path(default_storage.path(other.manifest_name)).read_bytes()
    Path(default_storage.path(batch.manifest_name)).write_bytes(stolen)

    with pytest.raises(CommandError, match=r"not v5\.0"):
        call_command("verify_batch", batch.slug)


def test_missing_manifest_is_said(batch: TrainingBatch) -> None:
    default_storage.delete(batch.manifest_name)

    with pytest.raises(CommandError, match=r"The manifest of v5\.0 is missing .*Restore it from a backup"):
        call_command("verify_batch", batch.slug)


def beside(batch: TrainingBatch, part: str) -> Path:
    return Path(default_storage.path(f"batches/{batch.digest}.{part}"))


@pytest.mark.parametrize("part", ["clips.csv", "croissant.json"])
def test_edited_file_beside_the_manifest_is_named(batch: TrainingBatch, part: str) -> None:
    path = beside(batch, part)
    path.write_text(path.read_text().replace("train", "tra1n").replace("3 labeled", "4 labeled"))

    with pytest.raises(CommandError, match=rf"^v5\.0\.{part} .* is altered: .*Restore") as caught:
        call_command("verify_batch", batch.slug)

    assert str(caught.value).count("is altered") == 1


@pytest.mark.parametrize("part", ["clips.csv", "croissant.json"])
def test_missing_file_beside_the_manifest_is_named(batch: TrainingBatch, part: str) -> None:
    beside(batch, part).unlink()

    with pytest.raises(CommandError, match=rf"v5\.0\.{part} \(.*\) is missing"):
        call_command("verify_batch", batch.slug)


def test_clips_whose_new_hash_was_written_into_the_description_are_found(batch: TrainingBatch) -> None:
    clips, croissant = beside(batch, "clips.csv"), beside(batch, "croissant.json")
    before = clips.read_bytes()
    after = before.replace(b",train,", b",trial,")
    clips.write_bytes(after)
    old, new = (sha256(content).hexdigest() for content in (before, after))
    croissant.write_text(croissant.read_text().replace(old, new))

    with pytest.raises(CommandError, match=r"clips\.csv .* is altered.*; .*croissant\.json .* is altered"):
        call_command("verify_batch", batch.slug)


def manifest_of(batch: TrainingBatch) -> Path:
    return Path(default_storage.path(batch.manifest_name))


def test_description_with_another_hash_of_the_manifest_is_the_one_to_blame(batch: TrainingBatch) -> None:
    path = beside(batch, "croissant.json")
    right = sha256(manifest_of(batch).read_bytes()).hexdigest()
    path.write_text(path.read_text().replace(right, sha256(b"another").hexdigest()))

    with pytest.raises(CommandError, match=r"^v5\.0\.croissant\.json \(.*\) is altered: it gives"):
        call_command("verify_batch", batch.slug)


def edit_unread_byte(batch: TrainingBatch) -> None:
    """Edit the time of the export in the manifest: no row is read from there."""
    path, time = manifest_of(batch), batch.frozen_at.isoformat().encode()
    path.write_bytes(path.read_bytes().replace(time, time[:-1] + b"1"))


def test_manifest_with_a_byte_edited_that_no_row_reads_is_the_one_to_blame(batch: TrainingBatch) -> None:
    edit_unread_byte(batch)

    with pytest.raises(CommandError, match=r"parquet: its bytes are not those that were exported\."):
        call_command("verify_batch", batch.slug)


def test_both_are_named_where_another_version_of_parquets_library_wrote_the_manifest(
    batch: TrainingBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit_unread_byte(batch)
    monkeypatch.setattr(verifying, "_written_anew", lambda batch, rows: "another")

    with pytest.raises(CommandError, match=r"parquet or v5\.0\.croissant\.json \(.*Restore both"):
        call_command("verify_batch", batch.slug)


def test_description_that_is_no_description_is_named(batch: TrainingBatch) -> None:
    beside(batch, "croissant.json").write_text("[]")

    with pytest.raises(CommandError, match=r"v5\.0\.croissant\.json \(.*\) is missing or damaged"):
        call_command("verify_batch", batch.slug)


def test_unknown_batch_is_said(batch: TrainingBatch) -> None:
    with pytest.raises(CommandError, match=r"There is no exported batch v9\.0\. There are: v5\.0"):
        call_command("verify_batch", "v9.0")


def test_files_of_a_withdrawn_video_may_be_gone(
    batch: TrainingBatch, capsys: pytest.CaptureFixture[str]
) -> None:
    withdrawing.withdraw([Video.objects.earliest("pk")], reason="", purge=True)

    call_command("verify_batch", batch.slug)

    printed = capsys.readouterr()
    assert "1 video was withdrawn since: not looked at." in printed.err
    assert "2 files are what was exported" in printed.out
