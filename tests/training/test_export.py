from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from cakelens.labels import Label
from tests.factories import (
    make_annotation,
    make_evidence,
    make_settlement,
    make_user,
    make_variant,
    make_video,
)
from training import export
from training.manifest import read_manifest
from training.models import BatchItem, TrainingBatch

# An export is the outermost transaction: PostgreSQL fixes its snapshot before the first query.
pytestmark = pytest.mark.django_db(transaction=True)


def manifest_of(batch: TrainingBatch) -> Path:
    return Path(default_storage.path(batch.manifest_name))


def test_export_with_nothing_settled_says_so_and_writes_nothing() -> None:
    make_video()

    with pytest.raises(export.ExportError, match="No video is settled yet"):
        export.export_batch()

    assert not TrainingBatch.objects.exists()


def test_export_writes_what_the_database_says() -> None:
    user = make_user()
    video = make_video(split="validation")
    answer = make_annotation(video, user, kling=True)
    make_evidence(answer, Label.KLING, kind="watermark")
    make_settlement(video, method="single", annotations=[answer], kling=True, sora=False)

    batch = export.export_batch()

    manifest = read_manifest(manifest_of(batch))
    [row] = manifest.rows
    assert (manifest.slug, manifest.digest) == ("v5.0", batch.digest)
    assert (row.video, row.split, row.method, row.evidence) == (
        video.key,
        "validation",
        "single",
        ("watermark",),
    )
    assert row.labels[Label.KLING] is True
    assert row.labels[Label.SORA] is False
    assert row.labels[Label.VEO] is None
    assert (batch.num_train, batch.num_validation, batch.num_test) == (0, 1, 0)


def test_export_counts_labels_by_split() -> None:
    make_settlement(make_video(), veo=True)
    make_settlement(make_video(), ai_gen=False)
    make_settlement(make_video(split="test"))

    batch = export.export_batch()

    assert batch.label_counts["AI_GEN"] == {"train": [1, 1, 0], "test": [1, 0, 0]}
    assert batch.label_counts["VEO"] == {"train": [1, 0, 1], "test": [0, 0, 1]}


def test_export_leaves_out_what_would_leak_or_was_taken_back() -> None:
    make_settlement(make_video())
    make_settlement(make_video(quarantine="same footage"))
    make_settlement(make_video(is_withdrawn=True))
    make_video()

    batch = export.export_batch()

    assert batch.num_videos == 1
    assert batch.left_out == {"not settled": 1, "quarantined": 1, "withdrawn": 1}


def test_export_takes_the_next_free_version() -> None:
    make_settlement(make_video())
    export.export_batch()
    make_settlement(make_video())

    assert export.export_batch().slug == "v5.1"


def test_export_that_would_change_nothing_names_the_batch_that_has_it() -> None:
    make_settlement(make_video())
    export.export_batch()

    with pytest.raises(export.ExportError, match=r"Batch v5\.0 holds exactly this already"):
        export.export_batch()

    assert TrainingBatch.objects.count() == 1


@pytest.mark.parametrize("slug", ["with space", "../up", "-dash", "x" * 41])
def test_export_refuses_a_malformed_slug(slug: str) -> None:
    with pytest.raises(export.ExportError, match="is no batch name"):
        export.export_batch(slug)


def test_export_refuses_a_slug_that_is_taken() -> None:
    make_settlement(make_video())
    export.export_batch("v5.0")

    with pytest.raises(CommandError, match=r"There is a batch v5\.0 already.*v5\.1"):
        call_command("export_batch", "v5.0")


def test_export_that_dies_while_writing_leaves_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    make_settlement(make_video())
    monkeypatch.setattr("labeling.storage.store_as", full_disk)

    with pytest.raises(CommandError, match="No space left"):
        call_command("export_batch")

    assert not TrainingBatch.objects.exists()
    assert not BatchItem.objects.exists()


def test_export_names_the_same_bytes_once() -> None:
    video = make_video()
    twin = video.variants.get()
    make_variant(video, sha256=twin.sha256, name=twin.name)
    make_settlement(video)

    batch = export.export_batch()

    assert len(read_manifest(manifest_of(batch)).rows[0].variants) == 1


def test_export_asks_a_constant_number_of_queries(django_assert_max_num_queries: object) -> None:
    for _ in range(8):
        make_settlement(make_video(), annotations=[])

    with django_assert_max_num_queries(40):  # type: ignore[operator]
        export.export_batch()
