"""Videos that were stored without a fingerprint, or with an old one, get one and find their twins."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
from django.core.management import CommandError, call_command

from labeling import storage
from labeling.collecting import relooking
from labeling.collecting.fingerprints import look_at
from labeling.collecting.importer import store_variant_file
from labeling.collecting.probe import grey_frames
from labeling.models import FingerprintKey, Video
from tests.factories import make_variant, make_video

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.embedded]

Store = Callable[[int], Video]


@pytest.fixture
def store(clip: Callable[..., Path]) -> Store:
    """`store(seed)` stores a clip as was done before there were fingerprints."""

    def stored(seed: int) -> Video:
        variant = make_variant(make_video(is_ready=False), is_stored=False)
        video: Video = store_variant_file(variant, clip(seed=seed, num_frames=24, width=160, height=90)).video
        Video.objects.filter(pk=video.pk).update(fingerprint=None)
        FingerprintKey.objects.filter(video=video).delete()
        return video

    return stored


def run(capsys: pytest.CaptureFixture[str]) -> Iterator[dict[str, object]]:
    call_command("reindex_fingerprints", json=True)
    return map(json.loads, capsys.readouterr().out.splitlines())


def test_video_without_a_fingerprint_gets_one(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    video = store(1)

    told = list(run(capsys))

    assert [(each["key"], each["is_moved"], each["error"]) for each in told] == [(video.key, False, "")]
    assert FingerprintKey.objects.filter(video=video).exists()


def test_old_fingerprint_gives_way(
    store: Store, capsys: pytest.CaptureFixture[str], clip: Callable[..., Path]
) -> None:
    video = store(1)
    whole = look_at(grey_frames(clip(seed=1, num_frames=24, width=160, height=90))).whole
    Video.objects.update(fingerprint=whole.to_bytes())

    told = list(run(capsys))

    assert [each["key"] for each in told] == [video.key]
    assert not relooking.to_look_at().exists()


def test_second_run_finds_nothing_to_do(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    store(1)
    list(run(capsys))

    assert list(run(capsys)) == []


def test_twins_that_were_not_known_as_such_become_one_group(
    store: Store, clip: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    first = store(1)
    copy = make_variant(make_video(is_ready=False), is_stored=False)
    store_variant_file(copy, clip(seed=1, num_frames=22, width=160, height=90))
    before = Video.objects.values("group").distinct().count()

    told = list(run(capsys))

    assert before == 2
    assert [each["key"] for each in told] == [first.key]
    assert Video.objects.values("group").distinct().count() == 1


def test_stopped_run_goes_on_where_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in (1, 2, 3):
        store(seed)
    monkeypatch.setattr(relooking, "AT_ONCE", 2)
    stopping = Event()

    looked = []
    for each in relooking.look_again(relooking.to_look_at(), stopping):
        looked.append(each)
        stopping.set()

    assert len(looked) == 2
    assert relooking.to_look_at().count() == 1


def test_file_that_is_gone_is_named_and_stops_no_other(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    lost, video = store(1), store(2)
    path = storage.local_path(lost.variants.get().name)
    assert path is not None
    path.unlink()

    with pytest.raises(CommandError, match="1 videos could not be read"):
        call_command("reindex_fingerprints")

    assert f"{lost.key}: videos/" in capsys.readouterr().err
    assert list(relooking.to_look_at()) == [lost]
    assert FingerprintKey.objects.filter(video=video).exists()


def test_video_of_which_no_file_is_left_is_passed_over(store: Store) -> None:
    video = store(1)
    video.variants.update(state="failed", name="")

    assert not relooking.to_look_at().exists()
