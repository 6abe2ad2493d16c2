"""`fetch_batch`: from this site's storage, a bucket, a manifest's file, and another machine's server."""

import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pyarrow import parquet
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from labeling.models import ApiToken, Video
from tests.factories import make_settlement, make_user
from tests.files import file_variant, make_filed_video, path_of
from tests.s3 import bucket, use
from training import export
from training.batches import shards, withdrawing
from training.batches.manifest import read_manifest
from training.models import TrainingBatch

pytestmark = pytest.mark.django_db(transaction=True)


def make_batch_of_files() -> TrainingBatch:
    """Export three videos, one of them in two encodings."""
    for content in (b"one", b"two" * 1000, b"three"):
        video = make_filed_video(content, split="test" if content == b"three" else "train")
        make_settlement(video)
    file_variant(video, b"three, larger", width=1920, height=1080)
    return export.export_batch()


def is_complete(batch: TrainingBatch, into: Path) -> bool:
    rows = read_manifest(into / f"{batch.slug}.parquet").rows
    sizes = [(into / v.name).stat().st_size == v.num_bytes for row in rows for v in row.variants]
    return len(sizes) == 4 and all(sizes)


def test_batch_of_this_site_is_fetched_and_fetched_again_brings_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = make_batch_of_files()

    call_command("fetch_batch", batch.slug, into=tmp_path / "into")
    first = capsys.readouterr()
    call_command("fetch_batch", batch.slug, into=tmp_path / "into")

    assert is_complete(batch, tmp_path / "into")
    assert "4 files fetched, 0 were here already." in first.err
    assert "manage.py train_batch --manifest" in first.out
    assert "0 files fetched, 4 were here already." in capsys.readouterr().err


def flip_a_bit(path: Path) -> None:
    """Alter a file and nothing that can be seen without reading it: neither its size nor its time."""
    before, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def first_file(into: Path) -> Path:
    return into / read_manifest(into / "v5.0.parquet").rows[0].best_variant.name


def test_altered_file_of_the_same_size_is_fetched_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = make_batch_of_files()
    call_command("fetch_batch", batch.slug, into=tmp_path)
    path = first_file(tmp_path)
    flip_a_bit(path)
    capsys.readouterr()

    call_command("fetch_batch", batch.slug, into=tmp_path)

    assert path.read_bytes() == b"one"
    printed = capsys.readouterr().err.replace("\n", "")
    assert f"{path.name}: altered: its sha256 differs. It is fetched again." in printed
    assert "1 file fetched, 3 were here already." in printed


@pytest.mark.slow
def test_altered_file_is_mended_before_it_is_packed(tmp_path: Path) -> None:
    batch = make_batch_of_files()
    call_command("fetch_batch", batch.slug, into=tmp_path)
    flip_a_bit(first_file(tmp_path))

    call_command("fetch_batch", batch.slug, into=tmp_path, shards=True)

    variant = read_manifest(tmp_path / "v5.0.parquet").rows[0].best_variant
    assert shards.Shards(tmp_path / "shards").read(variant) == b"one"


@pytest.mark.slow
@pytest.mark.parametrize("spoil", [flip_a_bit, Path.unlink])
def test_spoiled_shard_is_packed_again_and_a_good_one_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], object]
) -> None:
    batch = make_batch_of_files()
    call_command("fetch_batch", batch.slug, into=tmp_path, shards=True)
    shard = tmp_path / "shards/train-00000.tar"
    packed = shard.read_bytes()
    capsys.readouterr()

    call_command("fetch_batch", batch.slug, into=tmp_path, shards=True)
    untouched = capsys.readouterr().err
    spoil(shard)
    call_command("fetch_batch", batch.slug, into=tmp_path, shards=True)
    mended = capsys.readouterr().err

    assert "shards holds it already." in untouched
    assert "All is packed again." in mended.replace("\n", " ")
    assert shard.read_bytes() == packed


@pytest.mark.slow
def test_shards_packed_by_an_older_version_are_packed_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = make_batch_of_files()
    call_command("fetch_batch", batch.slug, into=tmp_path, shards=True)
    index = tmp_path / "shards/index.json"
    now = json.loads(index.read_bytes())
    index.write_text(json.dumps(now | {"shards": list(now["shards"])}))

    call_command("fetch_batch", batch.slug, into=tmp_path, shards=True)

    assert "holds it already" not in capsys.readouterr().err
    assert json.loads(index.read_bytes()) == now


def test_files_that_do_not_come_are_named_and_the_others_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = make_batch_of_files()
    gone = path_of(Video.objects.earliest("pk").variants.get())
    gone.unlink()

    with pytest.raises(CommandError, match="1 of 4 files did not come") as caught:
        call_command("fetch_batch", batch.slug, into=tmp_path / "into")

    assert f"Looked in {default_storage.path('')}. `manage.py verify_batch v5.0`" in str(caught.value)
    assert f"{gone.name}: missing" in capsys.readouterr().err.replace("\n", "")
    assert len(list((tmp_path / "into").rglob("*.mp4"))) == 3


def test_missing_manifest_is_said_with_its_place_and_a_way_back(tmp_path: Path) -> None:
    batch = make_batch_of_files()
    place = default_storage.path(batch.manifest_name)
    default_storage.delete(batch.manifest_name)

    with pytest.raises(CommandError) as caught:
        call_command("fetch_batch", batch.slug, into=tmp_path / "into")

    assert f"The manifest of v5.0 is missing from the storage: {place}. " in str(caught.value)
    assert "Restore it from a backup, or put back v5.0.parquet" in str(caught.value)


@pytest.mark.parametrize("command", ["fetch_batch", "verify_batch", "train_batch", "check_splits"])
def test_damaged_manifest_of_this_site_is_said_with_a_way_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    batch = make_batch_of_files()
    place = Path(default_storage.path(batch.manifest_name))
    place.write_bytes(place.read_bytes()[:-100])
    into = [f"--into={tmp_path}"] if command == "fetch_batch" else []
    slug = [] if command == "check_splits" else [batch.slug]

    with pytest.raises(CommandError) as caught:
        call_command(command, *slug, *into)

    said = capsys.readouterr().out + str(caught.value)
    assert f"{place}: is no Parquet file (" in said
    assert "Restore it from a backup, or put back v5.0.parquet from a folder that the batch was" in said
    assert "etch the manifest again" not in said


def test_damaged_manifest_that_was_fetched_is_to_be_fetched_again(tmp_path: Path) -> None:
    path = tmp_path / "v5.0.parquet"
    path.write_bytes(b"PAR1")

    with pytest.raises(CommandError, match=r"v5\.0\.parquet: is no Parquet.*\)\. Fetch the manifest again"):
        call_command("fetch_batch", manifest=str(path), into=tmp_path / "into")


def test_manifest_of_a_file_is_fetched_without_the_database(tmp_path: Path) -> None:
    batch = make_batch_of_files()
    withdrawing.withdraw([Video.objects.earliest("pk")], reason="")
    manifest = default_storage.path(batch.manifest_name)

    with CaptureQueriesContext(connection) as queries:
        call_command("fetch_batch", manifest=manifest, into=tmp_path / "into")

    assert len(queries) == 0
    assert len(list((tmp_path / "into").rglob("*.mp4"))) == 3
    assert json.loads((tmp_path / "into/withdrawn.json").read_text())["videos"]


def test_files_that_the_storage_lacks_are_said_with_where_it_looked(tmp_path: Path) -> None:
    batch = make_batch_of_files()
    for video in Video.objects.all():
        for variant in video.variants.all():
            path_of(variant).unlink()

    with pytest.raises(CommandError, match="4 of 4 files did not come") as caught:
        call_command("fetch_batch", manifest=default_storage.path(batch.manifest_name), into=tmp_path)

    assert f"Looked in {default_storage.path('')}, which the settings name." in str(caught.value)
    assert "--manifest https://…/api/batches/v5.0/manifest, or the settings of its" in str(caught.value)


@pytest.mark.parametrize("command", ["fetch_batch", "verify_batch"])
@pytest.mark.parametrize("jobs", ["0", "-1", "1.5", "", "\u00b2", "many"])
def test_files_at_a_time_are_at_least_one(command: str, jobs: str) -> None:
    into = ["--into=nowhere"] if command == "fetch_batch" else []

    with pytest.raises(CommandError, match=r"argument --jobs: must be a whole number from 1 on, got "):
        call_command(command, "v5.0", f"--jobs={jobs}", *into)


def listed(into: Path) -> list[str]:
    videos: list[str] = json.loads((into / "withdrawn.json").read_text())["videos"]
    return videos


def test_next_version_in_a_folder_forgets_nothing_withdrawn_from_the_last(tmp_path: Path) -> None:
    make_batch_of_files()
    first, second = Video.objects.order_by("pk")[:2]
    withdrawing.withdraw([first], reason="")
    call_command("fetch_batch", "v5.0", into=tmp_path)
    make_settlement(make_filed_video(b"four"))
    withdrawing.withdraw([second], reason="")
    export.export_batch()

    call_command("fetch_batch", "v5.1", into=tmp_path)

    assert listed(tmp_path) == [first.key]
    call_command("fetch_batch", "v5.0", into=tmp_path)
    assert listed(tmp_path) == sorted([first.key, second.key])


def test_storage_without_a_list_takes_nothing_off_the_folders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = make_batch_of_files()
    video = Video.objects.earliest("pk")
    into = tmp_path / "into"
    into.mkdir()
    (into / "withdrawn.json").write_text(json.dumps({"videos": [video.key]}))

    call_command("fetch_batch", manifest=default_storage.path(batch.manifest_name), into=into)

    assert listed(into) == [video.key]
    assert "1 video was withdrawn since: it is skipped." in capsys.readouterr().err
    assert len(list(into.rglob("*.mp4"))) == 3


@pytest.mark.parametrize("content", [b"[]", b'{"videos": "0001/0"}', b'{"videos": [1]}', b"{", b"\xff"])
def test_damaged_list_in_the_folder_is_said_and_kept(tmp_path: Path, content: bytes) -> None:
    batch = make_batch_of_files()
    (tmp_path / "withdrawn.json").write_bytes(content)

    with pytest.raises(CommandError, match=r"withdrawn\.json is damaged\. Remove it, and fetch every batch"):
        call_command("fetch_batch", batch.slug, into=tmp_path)

    assert (tmp_path / "withdrawn.json").read_bytes() == content
    assert not (tmp_path / "v5.0.parquet").exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"videos": {}}', b"\xff\xfe"])
def test_damaged_list_in_the_storage_is_said_with_its_place(tmp_path: Path, content: bytes) -> None:
    batch = make_batch_of_files()
    place = Path(default_storage.path("batches/withdrawn.json"))
    place.write_bytes(content)

    with pytest.raises(CommandError) as caught:
        call_command("fetch_batch", manifest=default_storage.path(batch.manifest_name), into=tmp_path / "in")

    assert str(caught.value).startswith(f"{place} is damaged. Write it anew where the database is: manage.py")


def test_withdrawing_once_more_writes_a_damaged_list_anew() -> None:
    make_batch_of_files()
    video = Video.objects.earliest("pk")
    withdrawing.withdraw([video], reason="")
    place = Path(default_storage.path("batches/withdrawn.json"))
    place.write_bytes(b"{")

    call_command("withdraw", video.key)

    assert json.loads(place.read_bytes()) == {"videos": [video.key]}


def test_manifest_whose_name_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    batch = make_batch_of_files()
    path = Path(default_storage.path(batch.manifest_name))
    table = parquet.read_table(path)
    facts = {**parquet.read_metadata(path).metadata, b"slug": b"../out"}
    facts.pop(b"ARROW:schema")
    parquet.write_table(table.replace_schema_metadata(facts), tmp_path / "m.parquet")

    with pytest.raises(CommandError, match=r"m\.parquet: calls its batch '\.\./out'"):
        call_command("fetch_batch", manifest=str(tmp_path / "m.parquet"), into=tmp_path / "into")

    assert not (tmp_path / "out.parquet").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"slug": "v9.0"}, r"There is no exported batch v9\.0"),
        ({"manifest": "nowhere.parquet"}, r"nowhere\.parquet: no such manifest"),
        ({"slug": "v5.0", "manifest": "http://127.0.0.1:1/x"}, r"Give either v5\.0, .* or --manifest, which"),
        ({}, "Name a batch, or give --manifest"),
        ({"manifest": "http://127.0.0.1:1/api/batches/v5.0/manifest"}, "refused.* Is the server up"),
    ],
)
def test_what_cannot_be_fetched_is_said(tmp_path: Path, arguments: dict[str, str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("fetch_batch", into=tmp_path / "into", **{"slug": None, "manifest": None} | arguments)


@pytest.mark.parametrize("command", ["fetch_batch", "verify_batch", "train_batch"])
def test_machine_without_the_database_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    into = [f"--into={tmp_path}"] if command == "fetch_batch" else []
    monkeypatch.setattr(TrainingBatch._meta, "db_table", "nowhere")

    with pytest.raises(CommandError) as caught:
        call_command(command, "v5.0", *into)

    assert str(caught.value).startswith("The database cannot be asked for v5.0: ")
    assert "nowhere" in str(caught.value)
    assert "Set DATABASE_URL to the site's database; without one, fetch_batch and" in str(caught.value)


@pytest.mark.slow
def test_batch_is_fetched_from_a_server_with_a_token(
    tmp_path: Path, live_server: LiveServer, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = make_batch_of_files()
    withdrawing.withdraw([Video.objects.earliest("pk")], reason="")
    token = ApiToken.objects.issue(make_user("root", role="admin"))
    url = f"{live_server.url}/api/batches/v5.0/manifest"

    with CaptureQueriesContext(connection) as queries:
        call_command("fetch_batch", manifest=url, token=token, into=tmp_path / "into")

    assert len(queries) == 0
    assert read_manifest(tmp_path / "into/v5.0.parquet").digest == batch.digest
    assert len(list((tmp_path / "into").rglob("*.mp4"))) == 3
    assert "1 video was withdrawn since: it is skipped." in capsys.readouterr().err


@pytest.mark.slow
def test_files_that_a_server_lacks_are_said_with_its_address(tmp_path: Path, live_server: LiveServer) -> None:
    make_batch_of_files()
    path_of(Video.objects.earliest("pk").variants.get()).unlink()
    token = ApiToken.objects.issue(make_user("root", role="admin"))
    base = f"{live_server.url}/api/batches/v5.0"

    with pytest.raises(CommandError, match="1 of 4 files did not come") as caught:
        call_command("fetch_batch", manifest=f"{base}/manifest", token=token, into=tmp_path / "into")

    assert f"Asked {base}. Run it again; " in str(caught.value)
    assert "`manage.py verify_batch v5.0` on that machine names it." in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(("role", "status"), [(None, 401), ("labeler", 403)])
def test_server_refuses_who_may_not_export(
    tmp_path: Path, live_server: LiveServer, role: str | None, status: int
) -> None:
    make_batch_of_files()
    token = ApiToken.objects.issue(make_user(role=role)) if role else "nonsense"
    url = f"{live_server.url}/api/batches/v5.0/manifest"

    with pytest.raises(CommandError, match=rf"answers {status}\. Give --token"):
        call_command("fetch_batch", manifest=url, token=token, into=tmp_path / "into")


@pytest.mark.slow
def test_shards_are_read_at_random_and_by_webdatasets_rules(tmp_path: Path) -> None:
    batch = make_batch_of_files()

    call_command("fetch_batch", batch.slug, into=tmp_path, shards=True)

    packed = shards.Shards(tmp_path / "shards")
    rows = read_manifest(tmp_path / "v5.0.parquet").rows
    for variant in (variant for row in rows for variant in row.variants):
        assert packed.read(variant) == (tmp_path / variant.name).read_bytes()
    samples = dict(samples_of(tmp_path / "shards"))
    larger = next(row for row in rows if row.split == "test")
    assert samples[shards.sample_key(larger)]["mp4"] == b"three, larger"
    assert samples[shards.sample_key(larger)]["1.mp4"] == b"three"
    assert json.loads(samples[shards.sample_key(larger)]["json"])["video"] == larger.video


def samples_of(folder: Path) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Read shards as WebDataset does: a sample is what shares the name up to its first dot, in a row."""
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as tar:
            sample: dict[str, bytes] = {}
            last = ""
            for member in tar:
                key, _, extension = member.name.partition(".")
                if key != last and last:
                    yield last, sample
                    sample = {}
                last = key
                file = tar.extractfile(member)
                assert isinstance(file, io.BufferedReader)
                sample[extension] = file.read()
            yield last, sample


@pytest.mark.slow
def test_shards_are_as_large_as_wanted_and_always_the_same(tmp_path: Path) -> None:
    batch = make_batch_of_files()
    call_command("fetch_batch", batch.slug, into=tmp_path)
    manifest = read_manifest(tmp_path / "v5.0.parquet")

    for name in ("first", "second"):
        list(shards.pack(manifest, tmp_path, tmp_path / name, most_bytes=1))

    first = {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()}
    second = {path.name: path.read_bytes() for path in (tmp_path / "second").iterdir()}
    assert sorted(first) == ["index.json", "test-00002.tar", "train-00000.tar", "train-00001.tar"]
    assert first == second


def test_packing_that_was_broken_off_is_no_packing(tmp_path: Path) -> None:
    batch = make_batch_of_files()
    call_command("fetch_batch", batch.slug, into=tmp_path)
    manifest = read_manifest(tmp_path / "v5.0.parquet")

    next(iter(shards.pack(manifest, tmp_path, tmp_path / "shards")))
    was_packed = shards.packed(manifest, tmp_path / "shards")
    list(shards.pack(manifest, tmp_path, tmp_path / "shards"))

    assert not was_packed
    assert [shard.name for shard in shards.packed(manifest, tmp_path / "shards")] == [
        "train-00000.tar",
        "test-00001.tar",
    ]


@pytest.mark.slow
def test_batch_in_a_bucket_is_exported_verified_and_fetched(tmp_path: Path, settings: Settings) -> None:
    with bucket(tmp_path / "s3") as options:
        use(options, settings, tmp_path)
        batch = make_batch_of_files()
        gone = make_filed_video(b"gone")
        make_settlement(gone)
        default_storage.delete(gone.variants.get().name)

        with pytest.raises(export.ExportError, match="is missing from the storage"):
            export.export_batch()
        call_command("verify_batch", batch.slug)
        (tmp_path / "fetched" / batch.manifest_name).write_bytes(b"damaged here, whole in the bucket")
        call_command("fetch_batch", batch.slug, into=tmp_path / "into")

        assert is_complete(batch, tmp_path / "into")
