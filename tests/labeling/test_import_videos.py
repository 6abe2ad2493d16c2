"""`manage.py import_videos`: a folder of clips, a CSV, and everything that can be wrong with them."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from cakelens.labels import Label
from labeling.models import Post, Settlement, Slot, SlotState, Video
from training.batches import withdrawing

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.embedded]


@pytest.fixture
def folder(clip: Callable[..., Path], tmp_path: Path) -> Path:
    """Two clips, a.mp4 and b.mp4."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for seed, name in enumerate(("a.mp4", "b.mp4")):
        (folder / name).write_bytes(clip(seed=seed).read_bytes())
    return folder


def import_with(folder: Path, csv: str, **options: object) -> None:
    (folder / "videos.csv").write_text(csv)
    call_command("import_videos", folder, labels=folder / "videos.csv", **options)


def test_import_without_a_csv_opens_a_slot_for_each_clip(folder: Path) -> None:
    call_command("import_videos", folder)

    assert Slot.objects.filter(state=SlotState.FREE).count() == 2


def test_import_with_labels_settles_what_they_judge(folder: Path) -> None:
    import_with(folder, "file,AI_Gen,label:kling,source\na.mp4,1,yes,a page\nb.mp4,,,\n")

    settlement = Settlement.objects.get()
    assert settlement.method == "imported"
    assert settlement.positive_labels() == [Label.AI_GEN, Label.KLING]
    assert settlement.video.post.metadata == {"source": "a page", "file": "a.mp4"}
    assert settlement.video.post.author_handle == ""
    assert Slot.objects.get(state=SlotState.FREE).video.post.metadata["file"] == "b.mp4"


def test_generator_alone_implies_ai_gen(folder: Path) -> None:
    import_with(folder, "file,KLING\na.mp4,1\nb.mp4,\n")

    assert Settlement.objects.get().positive_labels() == [Label.AI_GEN, Label.KLING]


def test_import_remembers_the_dataset(folder: Path) -> None:
    import_with(folder, "file,AI_GEN,prompt\na.mp4,1,a cat\n", dataset="GenVideo")

    assert {post.metadata["dataset"] for post in Post.objects.all()} == {"GenVideo"}
    assert Settlement.objects.get().video.post.metadata["prompt"] == "a cat"


def test_dataset_keeps_its_own_split(folder: Path) -> None:
    import_with(folder, "file,split\na.mp4,Val\nb.mp4,test\n")

    splits = {video.post.metadata["file"]: video.split for video in Video.objects.all()}
    assert splits == {"a.mp4": "validation", "b.mp4": "test"}
    assert Video.objects.get(split="test").is_blind


def test_footage_that_stands_elsewhere_is_quarantined_with_the_reason(
    folder: Path, clip: Callable[..., Path]
) -> None:
    import_with(folder, "file,split\na.mp4,train\nb.mp4,train\n")
    other = folder.parent / "other"
    other.mkdir()
    # The same footage in other bytes: a comment at the end of the file.
    (other / "copy.mp4").write_bytes(clip(seed=0).read_bytes() + b"\0\0\0\x08free")

    import_with(other, "file,split\ncopy.mp4,test\n")

    copy = Video.objects.latest("pk")
    assert copy.quarantine == "Its dataset has it in test; the same footage is in train here."
    assert (copy.split, Video.objects.exclude(quarantine="").count()) == ("train", 1)


def test_bytes_that_are_here_on_another_side_are_said_and_stay(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import_with(folder, "file,split\na.mp4,train\nb.mp4,train\n")
    capsys.readouterr()

    import_with(folder, "file,split\na.mp4,test\nb.mp4,train\n")

    said = " ".join(capsys.readouterr().err.split())
    assert "a.mp4: Its dataset has it in test; the same bytes were in train here already, and stay." in said
    assert "On another side of the split here than in their dataset: 1 videos" in said
    assert Video.objects.filter(split="train", quarantine="").count() == 2


def test_conflict_of_new_footage_is_in_its_object(
    folder: Path, clip: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    import_with(folder, "file,split\na.mp4,train\nb.mp4,train\n")
    (folder / "a.mp4").write_bytes(clip(seed=0).read_bytes() + b"\0\0\0\x08free")
    capsys.readouterr()

    import_with(folder, "file,split\na.mp4,test\nb.mp4,train\n", json=True)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    reason = "Its dataset has it in test; the same footage is in train here."
    assert [line["conflict"] for line in lines] == [f"Quarantined. {reason}", ""]


def test_import_twice_adds_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_videos", folder)
    call_command("import_videos", folder)

    assert (Post.objects.count(), Video.objects.count()) == (2, 2)
    assert "0 videos imported, 2 were there already" in capsys.readouterr().err


def test_clip_that_was_purged_stays_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_videos", folder)
    purged = Video.objects.get(post__metadata__file="a.mp4")
    names = [purged.poster_name, purged.variants.get().name]
    withdrawing.withdraw([purged], reason="", purge=True)
    for name in names:
        default_storage.delete(name)  # what a purge leaves to the commit, for which this test does not wait

    with pytest.raises(CommandError, match="1 files were refused; the others are in"):
        import_with(folder, "file,AI_GEN\na.mp4,1\nb.mp4,0\n")

    said = " ".join(capsys.readouterr().err.split())
    assert f"a.mp4: a.mp4 was withdrawn here as {purged.key}. It was taken back for good" in said
    assert "0 videos imported, 1 were there already, 1 refused." in said
    assert not any(default_storage.exists(name) for name in names)
    assert Settlement.objects.get().video != purged


def test_import_prints_one_object_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_videos", folder, json=True)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["file"], line["state"], line["error"]) for line in lines] == [
        ("a.mp4", "new", ""),
        ("b.mp4", "new", ""),
    ]


@pytest.mark.parametrize("content", [b"", b"this is text"], ids=["empty", "text"])
def test_file_that_is_no_video_is_refused_and_the_others_are_in(
    folder: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "c.mp4").write_bytes(content)

    with pytest.raises(CommandError, match="1 files were refused; the others are in"):
        call_command("import_videos", folder)

    assert Video.objects.ready().count() == 2
    assert "c.mp4: c.mp4" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("csv", "message"),
    [
        ("file,label:KLINGON\na.mp4,1\n", r"column label:KLINGON is not a label\. Labels are: AI_GEN"),
        ("name,AI_GEN\na.mp4,1\n", r"has no column `file`; its columns are: name, AI_GEN"),
        ("file,KLING,label:kling\na.mp4,1,0\n", r"columns KLING and label:kling are the same\. Keep one"),
        ("file,note, note\na.mp4,x,y\n", r"columns note and  note are the same\. Keep one"),
        ("file,note\na.mp4," + "x" * 200_000, r"videos\.csv is no CSV: field larger than"),
        (
            "file,AI_GEN\nc.mp4,1\nd.mp4,1\n",
            r"No row of .*\.csv is of use\. .* names c\.mp4, which is not",
        ),
    ],
)
def test_csv_of_which_nothing_can_be_made_imports_nothing(folder: Path, csv: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        import_with(folder, csv)

    assert not Post.objects.exists()


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        ("AI_GEN", "a.mp4,perhaps", "line 2: AI_GEN is 'perhaps'. Write 1 or 0"),
        ("AI_GEN", "a.mp4,1\na.mp4,0", "line 3: a.mp4 is there twice. Keep one row."),
        ("AI_GEN", "a.mp4,1,surplus", "line 2 has more values than there are columns"),
        ("split", "a.mp4,holdout", "line 2: split is 'holdout'. Write train, validation or test"),
        ("AI_GEN,KLING", "a.mp4,0,1", "line 2: KLING makes the video AI-generated"),
        ("posted_at", "a.mp4,yesterday", "line 2: posted_at is 'yesterday'. Write it like"),
        ("posted_at", "a.mp4,0001-01-01T00:00+10:00", "posted_at is '0001-01-01T00:00+10:00'. Write it like"),
        ("posted_at", "a.mp4,9999-12-31T23:59-10:00", "of a year from 1900 to 2099."),
        ("author", f"a.mp4,{'m' * 81}", "line 2: author has 81 characters; at most 60 are kept."),
        ("author", "a.mp4,ma\0ker", "line 2: 'author' holds a NUL character"),
        ("note", "a.mp4,so\0so", "line 2: 'note' holds a NUL character"),
    ],
)
def test_row_that_breaks_a_rule_is_refused_and_the_others_are_in(
    folder: Path, header: str, row: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="1 files were refused; the others are in"):
        import_with(folder, f"file,{header}\n{row}\nb.mp4,\n")

    said = " ".join(capsys.readouterr().err.split())
    assert f"a.mp4: {folder / 'videos.csv'} line " in said
    assert message in said
    assert "1 videos imported, 0 were there already, 1 refused." in said
    assert Post.objects.get().metadata["file"] == "b.mp4"


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("missing.mp4", "missing.mp4: {csv} names missing.mp4, which is not in {folder}."),
        ("notes.txt", "notes.txt: {csv} names notes.txt, which is not called like a video (.m4v,"),
        ("more/c.mp4", "more/c.mp4: {csv} names more/c.mp4, which is not in {folder} itself."),
        ("", "line 2: {csv} line 2 names no file."),
        ("mis\0sing.mp4", "{csv} line 2: 'file' holds a NUL character"),
    ],
)
def test_row_without_a_file_to_import_is_named_and_counted(
    folder: Path, file: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "notes.txt").write_text("Not a clip.")
    (folder / "more").mkdir()
    (folder / "b.mp4").rename(folder / "more" / "c.mp4")

    with pytest.raises(CommandError, match="1 files were refused; the others are in"):
        import_with(folder, f"file,AI_GEN\n{file},1\na.mp4,1\n")

    said = " ".join(capsys.readouterr().err.split())
    assert message.format(csv=folder / "videos.csv", folder=folder) in said
    assert "1 videos imported, 0 were there already, 1 refused." in said
    assert Settlement.objects.get().video.post.metadata["file"] == "a.mp4"


def test_moment_in_a_zone_far_away_is_kept(folder: Path) -> None:
    import_with(folder, "file,posted_at\na.mp4,2026-07-14T12:30+23:00\n")

    assert Post.objects.get(metadata__file="a.mp4").posted_at == datetime(2026, 7, 13, 13, 30, tzinfo=UTC)


def test_clip_whose_name_is_not_utf8_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.mp4").rename(folder / os.fsdecode(b"caf\xe9.mp4"))

    with pytest.raises(CommandError, match="1 files were refused"):
        call_command("import_videos", folder)

    assert "caf?.mp4: Its name is not UTF-8. Rename it" in capsys.readouterr().err
    assert Video.objects.count() == 1


def test_csv_that_is_not_utf8_says_so(folder: Path) -> None:
    (folder / "videos.csv").write_bytes("file,AI_GEN,note\na.mp4,1,caf\xe9\n".encode("latin-1"))

    with pytest.raises(CommandError, match="is not UTF-8"):
        call_command("import_videos", folder, labels=folder / "videos.csv")


def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nowhere is not a folder"):
        call_command("import_videos", tmp_path / "nowhere")


def test_folder_without_clips_says_what_counts_as_one(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"holds no video file \(\.m4v, \.mkv"):
        call_command("import_videos", tmp_path)


def test_storage_that_cannot_be_written_is_said_in_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied", "var/media")

    monkeypatch.setattr("labeling.storage.store_file", refuse)

    with pytest.raises(CommandError, match=r"Cannot store a\.mp4: .*Permission denied.*var/media"):
        call_command("import_videos", folder)

    assert not Post.objects.exists()
