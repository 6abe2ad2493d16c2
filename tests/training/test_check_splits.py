"""`check_splits`: a planted leak is found, and what was learned since is told apart from it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from cakelens.labels import Label
from labeling.collecting import duplicates, neighbours
from labeling.collecting.fingerprints import look_at
from labeling.collecting.importer import ClipFacts
from labeling.collecting.importing import Item, take_in
from labeling.collecting.probe import grey_frames
from labeling.models import Video
from tests.factories import make_settlement
from tests.files import file_variant, make_filed_video
from training import export
from training.batches import proving, withdrawing
from training.batches.manifest import ManifestRow, canonical_digest, read_manifest, write_manifest
from training.models import BatchItem, TrainingBatch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def batch() -> TrainingBatch:
    """Two videos in train, one in test."""
    for content, split in ((b"one", "train"), (b"two", "train"), (b"three", "test")):
        make_settlement(make_filed_video(content, split=split))
    return export.export_batch()


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    capsys.readouterr()
    call_command("check_splits", json=True)
    [line] = capsys.readouterr().out.splitlines()
    found: dict[str, list[str]] = json.loads(line)
    return found


def rows_of(batch: TrainingBatch) -> tuple[ManifestRow, ...]:
    return read_manifest(default_storage.path(batch.manifest_name)).rows


def plant(batch: TrainingBatch, rows: list[ManifestRow]) -> None:
    """Let a batch have been exported with these rows, past all checks: a row of its own says so."""
    TrainingBatch.objects.bulk_create(
        [
            TrainingBatch(
                slug="leaky",
                digest=canonical_digest(rows),
                manifest_name="batches/leaky.parquet",
                exported_at=batch.exported_at,
            )
        ]
    )
    leaky = TrainingBatch.objects.get(slug="leaky")
    BatchItem.objects.bulk_create(
        BatchItem(batch=leaky, settlement=item.settlement, split=item.split) for item in batch.items.all()
    )
    TrainingBatch.objects.filter(pk=leaky.pk).update(state="exported")
    path = Path(default_storage.path(leaky.manifest_name))
    write_manifest(rows, path, slug="leaky", filters={}, created_at="")


def test_batch_without_leaks_is_proven(batch: TrainingBatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys) == {
        "batch": "v5.0",
        "outcome": "proven",
        "leaks": [],
        "doubts": [],
        "advisories": [],
    }


def test_one_batch_is_told_in_the_singular(batch: TrainingBatch, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_splits")

    assert "1 batch holds no footage on both sides that was known at export." in capsys.readouterr().err


def test_nothing_to_prove_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_splits")

    assert "There is no batch to prove yet. Run `manage.py export_batch` first." in capsys.readouterr().err


def test_planted_group_is_found(batch: TrainingBatch, capsys: pytest.CaptureFixture[str]) -> None:
    rows = rows_of(batch)
    group = next(row.group for row in rows if row.split == "test")
    plant(batch, [replace(row, group=group) for row in rows])

    with pytest.raises(CommandError, match="Footage on both sides: leaky") as caught:
        call_command("check_splits")

    assert caught.value.returncode == 1
    assert f"leak: Group {group}: " in capsys.readouterr().out


def test_planted_file_is_found(batch: TrainingBatch, capsys: pytest.CaptureFixture[str]) -> None:
    rows = rows_of(batch)
    plant(batch, [replace(row, variants=rows[0].variants) for row in rows])

    with pytest.raises(CommandError, match="Footage on both sides: leaky") as caught:
        call_command("check_splits")

    assert caught.value.returncode == 1
    assert f"leak: File {rows[0].variants[0].sha256[:12]}…: " in capsys.readouterr().out


def test_manifest_that_differs_from_the_rows_proves_nothing(
    batch: TrainingBatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(batch, [*rows_of(batch)][:2])

    with pytest.raises(CommandError, match="Not proven: leaky"):
        call_command("check_splits")

    assert "because: The manifest and the batch's rows do not name the same" in capsys.readouterr().out


def test_missing_manifest_is_no_leak(batch: TrainingBatch, capsys: pytest.CaptureFixture[str]) -> None:
    default_storage.delete(batch.manifest_name)

    with pytest.raises(CommandError, match=r"Not proven: v5\.0\. No leak was seen") as caught:
        call_command("check_splits")

    printed = capsys.readouterr().out
    assert caught.value.returncode == 2
    assert printed.startswith("v5.0: not proven\n  because: The manifest of v5.0 is missing")
    assert "leak:" not in printed


def test_damaged_manifest_is_named_and_the_others_are_looked_at(
    batch: TrainingBatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_settlement(make_filed_video(b"four"))
    export.export_batch()
    path = Path(default_storage.path(batch.manifest_name))
    path.write_bytes(path.read_bytes().replace(b"v5.0", b"v5.\xff"))

    with pytest.raises(CommandError, match=r"Not proven: v5\.0\. No leak was seen"):
        call_command("check_splits")

    printed = capsys.readouterr().out
    assert f"v5.0: not proven\n  because: {path}: is damaged (" in printed
    assert "\nv5.1: proven\n" in printed


def test_leak_weighs_more_than_what_could_not_be_proven(batch: TrainingBatch) -> None:
    rows = rows_of(batch)
    plant(batch, [replace(row, group="one") for row in rows])
    default_storage.delete(batch.manifest_name)

    with pytest.raises(CommandError, match="Footage on both sides: leaky") as caught:
        call_command("check_splits")

    assert caught.value.returncode == 1


def test_groups_that_became_one_since_are_an_advisory(
    batch: TrainingBatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train, _, test = Video.objects.order_by("pk")
    file_variant(test, b"one")
    duplicates.assign_group(test)

    found = said(capsys)

    assert found["leaks"] == []
    assert any("stands on both sides" in advisory for advisory in found["advisories"])
    assert [item.settlement.video for item in proving.learned_since(batch)] == [test]
    assert train.quarantine == ""


def test_next_batch_leaves_out_what_was_learned(batch: TrainingBatch) -> None:
    test = Video.objects.get(split="test")
    file_variant(test, b"one")
    duplicates.assign_group(test)

    newer = export.export_batch()

    assert (newer.num_videos, newer.left_out["quarantined"]) == (2, 1)
    assert proving.prove(newer) == proving.Proof("v5.1")


def test_withdrawn_videos_are_told(batch: TrainingBatch, capsys: pytest.CaptureFixture[str]) -> None:
    withdrawing.withdraw([Video.objects.earliest("pk")], reason="")

    assert said(capsys)["advisories"] == [
        "1 of its videos was withdrawn since; fetching and training skip it."
    ]


@pytest.mark.slow
def test_pictures_compared_anew_find_a_neighbour_that_nobody_knew(clip: Callable[..., Path]) -> None:
    for seed, split in ((1, "test"), (2, "train")):
        path = clip(seed=seed, num_frames=48)
        take_in(Item(path, {Label.AI_GEN: True}, ClipFacts(split=split)))
    batch = export.export_batch()
    # What a better fingerprint would have said of the second clip: that it is the first.
    test, train = Video.objects.order_by("pk")
    sighting = look_at(grey_frames(clip(seed=1, num_frames=48)))
    Video.objects.filter(pk=train.pk).update(fingerprint=None)
    neighbours.remember(train, sighting.known())

    proof = proving.prove(batch, looks_again=True)

    assert proof.leaks == ()
    assert proof.advisories == (f"{test.key} in test looks like video {train.pk} in train.",)
