"""Bringing a batch of another site in."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from cakelens.labels import Label
from labeling.collecting.importer import ClipFacts
from labeling.collecting.importing import Item, take_in
from labeling.models import Video
from training import export

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def box(clip: Callable[..., Path], tmp_path: Path) -> Path:
    """A batch of two clips, fetched into a folder; nothing of it is left on this site."""
    for seed, split in enumerate(("test", "train")):
        facts = ClipFacts(author_handle="maker", split=split)
        take_in(Item(clip(seed=seed), {Label.AI_GEN: True, Label.KLING: bool(seed)}, facts))
    export.export_batch()
    call_command("fetch_batch", "v5.0", into=tmp_path / "box")
    call_command("flush", interactive=False, verbosity=0)
    return tmp_path / "box"


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
