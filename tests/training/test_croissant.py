"""The metadata beside a manifest, read by the public validator."""

import json
import warnings
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from tests.factories import make_settlement
from tests.files import make_filed_video
from training import export
from training.batches import sidecars
from training.models import TrainingBatch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def laid_out(batch: TrainingBatch, folder: Path) -> Path:
    """Put the files of a batch into a folder as people get them; return the description's path."""
    for part in sidecars.SUFFIXES:
        with default_storage.open(sidecars.stored_name(batch, part)) as file:
            (folder / sidecars.file_name(batch, part)).write_bytes(file.read())
    return folder / sidecars.file_name(batch, sidecars.CROISSANT)


def test_public_validator_accepts_the_description_and_reads_both_tables(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries that the validator loads
        import mlcroissant

    video = make_filed_video(b"one", split="test")
    make_settlement(video, kling=True, sora=False)
    make_settlement(make_filed_video(b"two"), ai_gen=False)
    path = laid_out(export.export_batch(), tmp_path)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = mlcroissant.Dataset(jsonld=path)
        videos = {row["videos/video"]: row for row in dataset.records("videos")}
        clips = list(dataset.records("clips"))

    issues = dataset.metadata.ctx.issues
    assert not issues.errors
    assert not issues.warnings
    row = videos[video.key.encode()]
    assert (bool(row["videos/KLING"]), bool(row["videos/SORA"]), row["videos/split"]) == (
        True,
        False,
        b"test",
    )
    assert len(clips) == 2


def test_description_names_both_files_by_hash(tmp_path: Path) -> None:
    make_settlement(make_filed_video())
    batch = export.export_batch()

    described = json.loads(laid_out(batch, tmp_path).read_text())

    assert [part["name"] for part in described["distribution"]] == ["v5.0.parquet", "v5.0.clips.csv"]
    assert (described["version"], described["identifier"]) == ("5.0.0", batch.digest)
