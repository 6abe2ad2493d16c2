"""Bringing a batch of another site in."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from cakelens.labels import Label
from labeling.collecting.importer import ClipFacts, store_variant_file
from labeling.collecting.importing import Item, take_in
from labeling.models import Variant, Video
from tests.factories import make_video
from training import export
from training.batches import importing, withdrawing, withdrawn
from training.batches.importing import Foreign
from training.batches.manifest import read_manifest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def box(clip: Callable[..., Path], tmp_path: Path) -> Path:
    """A batch of two clips, one in two encodings, fetched into a folder; this site has nothing of it left."""
    for seed, split in enumerate(("test", "train")):
        facts = ClipFacts(author_handle="maker", split=split)
        take_in(Item(clip(seed=seed), {Label.AI_GEN: True, Label.KLING: bool(seed)}, facts))
    smaller = Variant.objects.create(video=Video.objects.get(split="train"), url="file:smaller")
    store_variant_file(smaller, clip(seed=1, width=48))
    export.export_batch()
    call_command("fetch_batch", "v5.0", into=tmp_path / "box")
    call_command("flush", interactive=False, verbosity=0)
    return tmp_path / "box"


def broken_off(*args: object) -> None:
    raise KeyboardInterrupt


def test_videos_come_in_with_labels_splits_and_where_they_are_from(box: Path) -> None:
    call_command("import_batch", box / "v5.0.parquet", media=box)

    test, train = Video.objects.order_by("split")
    assert (test.split, train.split) == ("test", "train")
    assert train.settlement is not None
    assert train.settlement.method == "imported"
    assert train.settlement.positive_labels() == [Label.AI_GEN, Label.KLING]
    assert train.post.author_handle == "maker"
    assert train.post.metadata["dataset"] == "CakeLens v5.0"
    assert len(train.post.metadata["digest"]) == 64


def test_second_import_adds_nothing(box: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_batch", box / "v5.0.parquet", media=box)
    call_command("import_batch", box / "v5.0.parquet", media=box)

    assert Video.objects.count() == 2
    assert "0 videos imported, 2 were there already" in capsys.readouterr().err


def test_video_that_is_here_on_another_side_is_said(
    box: Path, clip: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    take_in(Item(clip(seed=0), {}, ClipFacts(split="train")))

    call_command("import_batch", box / "v5.0.parquet", media=box)

    said = " ".join(capsys.readouterr().err.split())
    assert "Its dataset has it in test; the same bytes were in train here already, and stay." in said
    assert "On another side of the split here than in their dataset: 1 videos" in said


@pytest.mark.parametrize("step", ["store_variant_file", "settle"])
def test_import_that_was_broken_off_is_finished_by_the_next(
    box: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(importing, step, broken_off)
        with pytest.raises(KeyboardInterrupt):
            call_command("import_batch", box / "v5.0.parquet", media=box)

    call_command("import_batch", box / "v5.0.parquet", media=box)

    assert Video.objects.settled().count() == 2
    assert Variant.objects.stored().count() == 3


def test_video_withdrawn_since_is_skipped(box: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = read_manifest(box / "v5.0.parquet").rows
    withdrawn.add(box, [rows[0].video])
    (box / rows[0].best_variant.name).unlink()

    call_command("import_batch", box / "v5.0.parquet", media=box)

    assert Video.objects.count() == 1
    assert "1 video was withdrawn since" in capsys.readouterr().err


def refused_of(box: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Import the batch, of which one video is refused; return what is said."""
    capsys.readouterr()
    with pytest.raises(CommandError, match="1 videos were refused; the others are in"):
        call_command("import_batch", box / "v5.0.parquet", media=box)
    return " ".join(capsys.readouterr().err.split())


def test_video_that_was_purged_here_stays_out(box: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_batch", box / "v5.0.parquet", media=box)
    purged = Video.objects.get(split="train")
    names = [variant.name for variant in purged.variants.all()]
    withdrawing.withdraw([purged], reason="", purge=True)

    said = refused_of(box, capsys)

    assert f"was withdrawn here as {purged.key}. It was taken back for good" in said
    assert "0 videos imported, 1 were there already, 1 refused." in said
    assert not any(default_storage.exists(name) for name in names)


def test_video_that_was_purged_here_under_its_own_name_stays_out(
    box: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = read_manifest(box / "v5.0.parquet").rows[0].video
    mine = make_video(key=key)
    withdrawing.withdraw([mine], reason="", purge=True)

    said = refused_of(box, capsys)

    assert f"{key}: {key} was withdrawn here as {key}." in said
    assert Video.objects.filter(is_withdrawn=False).count() == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"posted_at": "yesterday"}, "posted_at is 'yesterday'. Write it like"),
        ({"posted_at": "0001-01-01T00:00+10:00"}, "posted_at is '0001-01-01T00:00+10:00'. Write it like"),
        ({"author": "m" * 81}, "author has 81 characters; at most 60 are kept."),
        ({"author": "ma\0ker"}, "'author' holds a NUL character"),
        ({"video": "1\0/0"}, "'video' holds a NUL character"),
        ({"method": "import\0ed"}, "'method' holds a NUL character"),
    ],
)
def test_row_that_cannot_be_kept_is_refused_and_the_others_are_in(
    box: Path, change: dict[str, Any], message: str
) -> None:
    manifest = read_manifest(box / "v5.0.parquet")
    rows = sorted([replace(manifest.rows[0], **change), *manifest.rows[1:]], key=lambda row: row.video)
    odd = Foreign(replace(manifest, rows=tuple(rows)), box)

    results = list(odd.take_in())

    [refused] = [result for result in results if result.error]
    assert (refused.state, Video.objects.count()) == ("refused", 1)
    assert message in refused.error


def test_altered_file_is_refused_by_name(box: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = next(box.rglob("*.mp4"))
    path.write_bytes(path.read_bytes()[:-1] + b"?")

    with pytest.raises(CommandError, match="1 videos were refused; the others are in"):
        call_command("import_batch", box / "v5.0.parquet", media=box)

    assert f"{path.relative_to(box)} is altered" in capsys.readouterr().err
    assert Video.objects.count() == 1


def test_missing_file_imports_nothing(box: Path) -> None:
    next(box.rglob("*.mp4")).unlink()

    with pytest.raises(CommandError, match=r"is missing \(1 files are\)\. Fetch them first"):
        call_command("import_batch", box / "v5.0.parquet", media=box)

    assert not Video.objects.exists()


def test_altered_manifest_imports_nothing(box: Path) -> None:
    (box / "v5.0.parquet").write_bytes(b"PAR1")

    with pytest.raises(CommandError, match="is no Parquet file"):
        call_command("import_batch", box / "v5.0.parquet", media=box)

    assert not Video.objects.exists()
