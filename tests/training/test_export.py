import csv
import re
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from cakelens.labels import Label
from labeling.models import Video
from tests.factories import (
    make_annotation,
    make_batch,
    make_evidence,
    make_group,
    make_settlement,
    make_superuser,
    make_user,
    make_variant,
    make_video,
)
from tests.files import file_variant, make_filed_video, path_of, put_files
from tests.races import at_once, meanwhile
from training import export
from training.batches import selection
from training.batches.filters import BatchFilters
from training.batches.manifest import ManifestRow, canonical_digest, read_manifest
from training.models import BatchItem, TrainingBatch

# An export is the outermost transaction: PostgreSQL fixes its snapshot before the first query.
pytestmark = pytest.mark.django_db(transaction=True)


def exported(slug: str = "", **filters: object) -> TrainingBatch:
    """Export with a file behind each variant."""
    put_files()
    return export.export_batch(slug, filters=BatchFilters(**filters))  # type: ignore[arg-type]


def manifest_of(batch: TrainingBatch) -> Path:
    return Path(default_storage.path(batch.manifest_name))


def test_export_with_nothing_settled_says_so_and_writes_nothing() -> None:
    make_video()

    with pytest.raises(export.ExportError, match="No video is settled yet"):
        exported()

    assert not TrainingBatch.objects.exists()


def test_export_writes_what_the_database_says() -> None:
    user = make_user()
    video = make_video(split="validation")
    answer = make_annotation(video, user, kling=True)
    make_evidence(answer, Label.KLING, kind="watermark")
    make_settlement(video, method="single", annotations=[answer], kling=True, sora=False)

    batch = exported()

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

    batch = exported()

    assert batch.label_counts["AI_GEN"] == {"train": [1, 1, 0], "test": [1, 0, 0]}
    assert batch.label_counts["VEO"] == {"train": [1, 0, 1], "test": [0, 0, 1]}


def test_export_leaves_out_what_would_leak_or_was_taken_back() -> None:
    make_settlement(make_video())
    make_settlement(make_video(quarantine="same footage"))
    make_settlement(make_video(is_withdrawn=True))
    make_video()

    batch = exported()

    assert batch.num_videos == 1
    assert batch.left_out == {"not settled": 1, "quarantined": 1, "withdrawn": 1}


def test_video_that_stays_out_is_counted_once_by_the_reason_that_weighs_most() -> None:
    make_settlement(make_video())
    make_video()
    make_video(quarantine="same footage")
    make_video(is_ready=False, quarantine="same footage")
    make_video(quarantine="same footage", is_withdrawn=True)
    make_video(is_ready=False)
    make_video(is_ready=False, is_withdrawn=True)

    batch = exported()

    assert batch.left_out == {"not settled": 1, "not stored": 1, "quarantined": 2, "withdrawn": 2}
    assert batch.num_videos + sum(batch.left_out.values()) == Video.objects.count()


def test_video_without_a_stored_file_stops_the_export_by_name() -> None:
    video = make_video()
    make_settlement(video)
    video.variants.update(state="failed")

    with pytest.raises(CommandError, match=rf"Video {video.key} cannot stand in a manifest: .*withdraw"):
        call_command("export_batch")

    assert not TrainingBatch.objects.exists()


def test_export_takes_the_next_free_version() -> None:
    make_settlement(make_video())
    exported()
    make_settlement(make_video())

    assert exported().slug == "v5.1"


def test_export_that_would_change_nothing_names_the_batch_that_has_it() -> None:
    make_settlement(make_video())
    exported()

    with pytest.raises(export.ExportError, match=r"Batch v5\.0 holds exactly this already"):
        exported()

    assert TrainingBatch.objects.count() == 1


@pytest.mark.parametrize("slug", ["with space", "../up", "-dash", "x" * 41])
def test_export_refuses_a_malformed_slug(slug: str) -> None:
    with pytest.raises(export.ExportError, match="is no batch name"):
        exported(slug)


def test_export_refuses_a_slug_that_is_taken() -> None:
    make_settlement(make_video())
    exported("v5.0")

    with pytest.raises(CommandError, match=r"There is a batch v5\.0 already.*v5\.1"):
        call_command("export_batch", "v5.0")


@pytest.mark.postgres
def test_what_is_settled_while_an_export_runs_is_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    make_settlement(make_filed_video())
    late = make_filed_video(b"late")
    row_of = selection.manifest_row

    def settle_meanwhile(video: Video) -> ManifestRow:
        at_once(lambda: make_settlement(late))
        return row_of(video)

    monkeypatch.setattr(selection, "manifest_row", settle_meanwhile)

    batch = export.export_batch()

    assert batch.num_videos == 1
    assert batch.left_out == {"not settled": 1}


@pytest.mark.postgres
def test_export_waits_for_another_and_overwrites_nothing_of_it() -> None:
    make_settlement(make_filed_video())
    digest = canonical_digest(map(selection.manifest_row, selection.exportable(BatchFilters())))

    with ExitStack() as stack, transaction.atomic():
        make_batch("first", digest=digest)
        second = stack.enter_context(meanwhile(lambda: export.export_batch("second")))

    with pytest.raises(export.ExportError, match="Batch first holds exactly this already"):
        second.result()
    assert not default_storage.exists(f"batches/{digest}.parquet")


@pytest.mark.postgres
def test_export_of_a_name_that_another_takes_meanwhile_is_refused() -> None:
    make_settlement(make_filed_video())

    with ExitStack() as stack, transaction.atomic():
        make_batch("v5.0")
        second = stack.enter_context(meanwhile(lambda: export.export_batch("v5.0")))

    with pytest.raises(export.ExportError, match=r"There is a batch v5\.0 already"):
        second.result()


def test_export_that_dies_while_writing_leaves_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    make_settlement(make_filed_video())
    monkeypatch.setattr("labeling.storage.store_as", full_disk)

    with pytest.raises(CommandError, match=r"cannot be written: .*No space left.*run it again"):
        call_command("export_batch")

    assert not TrainingBatch.objects.exists()
    assert not BatchItem.objects.exists()


def test_export_names_the_same_bytes_once() -> None:
    video = make_video()
    twin = video.variants.get()
    make_variant(video, sha256=twin.sha256, name=twin.name)
    make_settlement(video)

    batch = exported()

    assert len(read_manifest(manifest_of(batch)).rows[0].variants) == 1


def test_export_asks_a_constant_number_of_queries(django_assert_max_num_queries: object) -> None:
    for _ in range(8):
        make_settlement(make_video(), annotations=[])

    with django_assert_max_num_queries(40):  # type: ignore[operator]
        exported()


def test_export_keeps_what_it_measured_of_the_files() -> None:
    for number in range(24):
        video = make_video(split="train")
        video.variants.update(fps=24.0 if number % 2 else 30.0)
        make_settlement(video, ai_gen=bool(number % 2))

    batch = exported()

    assert batch.confounds["fps"] == 1.0
    assert batch.confounds["width"] == 0.5
    assert batch.facts["resolution"] == {"360p": 24}
    assert batch.facts["duration"] == {"5 to 10 s": 24}
    assert batch.facts["evidence"] == {"none": 24}


def test_largest_groups_are_kept() -> None:
    group = make_group()
    for _ in range(3):
        make_settlement(make_video(group=group))
    make_settlement(make_video())

    assert exported().facts["groups"] == {group.key: 3}


def test_missing_file_stops_the_export_by_name() -> None:
    video = make_filed_video()
    make_settlement(video)
    path_of(video.variants.get()).unlink()

    with pytest.raises(CommandError, match=rf"of video {video.key} is missing from the storage"):
        call_command("export_batch")

    assert not TrainingBatch.objects.exists()


def test_file_of_another_size_stops_the_export_by_name() -> None:
    video = make_filed_video(b"clip")
    make_settlement(video)
    path_of(video.variants.get()).write_bytes(b"cl")

    with pytest.raises(export.ExportError, match="has 2 bytes, not 4"):
        export.export_batch()

    assert not TrainingBatch.objects.exists()


def test_batch_without_any_positive_is_refused() -> None:
    make_settlement(make_video(), ai_gen=False)

    with pytest.raises(export.ExportError, match="No video to export is AI_GEN"):
        exported()

    assert not TrainingBatch.objects.exists()


def test_label_that_was_asked_for_and_has_no_positive_is_named() -> None:
    make_settlement(make_video(), kling=True)

    with pytest.raises(export.ExportError, match="No video to export is VIDU: a model cannot learn"):
        exported(labels=("KLING", "VIDU"))


def test_group_on_both_sides_is_never_exported() -> None:
    group = make_group("train")
    make_settlement(make_video(group=group))
    stray = make_video(split="test")
    Video.objects.filter(pk=stray.pk).update(group=group)
    make_settlement(stray)

    with pytest.raises(export.ExportError, match=rf"Group {group.key} stands on both sides"):
        exported()

    assert not TrainingBatch.objects.exists()


def test_leak_names_a_video_of_each_side_and_the_page_that_keeps_one_out(client: Client) -> None:
    one, other = make_filed_video(b"same"), make_filed_video(b"same", split="test")
    make_settlement(one)
    make_settlement(other)
    client.force_login(make_superuser())

    with pytest.raises(export.ExportError, match="an admin writes the reason into") as caught:
        export.export_batch()
    page = re.findall(r"/admin/\S+/change/", str(caught.value))[-1]
    client.post(page, {"priority": 0, "quarantine": "in train, too"})

    assert f"{one.key} in train, {other.key} in test" in str(caught.value)
    assert export.export_batch().left_out == {"quarantined": 1}


def test_same_bytes_on_both_sides_are_never_exported() -> None:
    make_settlement(make_filed_video(b"same"))
    make_settlement(make_filed_video(b"same", split="test"))

    with pytest.raises(export.ExportError, match=r"The same file, .* stands on both sides"):
        export.export_batch()

    assert not TrainingBatch.objects.exists()


def test_clips_csv_holds_the_largest_file_of_each_video() -> None:
    video = make_filed_video(b"small")
    file_variant(video, b"large", width=1920, height=1080)
    make_settlement(video, kling=True, sora=True)

    batch = export.export_batch()

    with default_storage.open(f"batches/{batch.digest}.clips.csv", "r") as file:
        [line] = csv.DictReader(file)
    assert (line["clip"], line["label"], line["generator"]) == (video.key, "ai", "KLING;SORA")
    assert (line["width"], line["split"]) == ("1920", "train")
