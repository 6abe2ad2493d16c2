"""From a file to a video ready to label."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from labeling.collecting import importer
from labeling.collecting.errors import NotAVideo
from labeling.collecting.fingerprints import Sighting
from labeling.collecting.importer import ClipFacts, import_file, store_variant_file
from labeling.models import (
    DuplicateGroup,
    Post,
    PostSource,
    Slot,
    SlotState,
    Variant,
    VariantState,
    Video,
)
from tests.factories import make_user, make_variant, make_video
from tests.races import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

MakeClip = Callable[..., Path]


def bare_variant() -> Variant:
    return make_variant(make_video(is_ready=False), is_stored=False)


def media_files(settings: Settings) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_imported_clip_is_ready_to_label(clip: MakeClip) -> None:
    video = import_file(clip(), ClipFacts()).video

    assert video.ready_at is not None
    assert video.group is not None
    assert video.split == video.group.split
    slot = Slot.objects.get()
    assert (slot.video, slot.state, slot.priority) == (video, SlotState.FREE, video.priority)
    assert 0 <= slot.priority < 1


def test_imported_clip_has_the_facts_of_its_file(clip: MakeClip, settings: Settings) -> None:
    path = clip(num_frames=10, width=80, height=64, fps=10)

    video = import_file(path, ClipFacts()).video

    variant = video.best_variant()
    assert variant is not None
    assert (variant.width, variant.height, variant.fps, variant.num_frames) == (80, 64, 10.0, 10)
    assert (variant.codec, variant.num_bytes, variant.state) == ("h264", path.stat().st_size, "stored")
    assert (Path(settings.MEDIA_ROOT) / variant.name).read_bytes() == path.read_bytes()
    assert (Path(settings.MEDIA_ROOT) / video.poster_name).read_bytes().startswith(b"\xff\xd8")
    assert video.duration_seconds == pytest.approx(1.0)


def test_imported_clip_keeps_what_is_known_of_it(clip: MakeClip) -> None:
    posted_at, ana = datetime(2026, 3, 1, tzinfo=UTC), make_user("ana")
    facts = ClipFacts("maker", "Made with love", posted_at, {"source": "a folder"})

    post = import_file(clip(), facts, added_by=ana).video.post

    variant = Variant.objects.get()
    assert (post.source, post.x_id) == (PostSource.IMPORT, f"import:{variant.sha256}")
    assert (post.author_handle, post.text, post.posted_at) == ("maker", "Made with love", posted_at)
    assert post.metadata == {"source": "a folder", "file": clip().name}
    assert (post.added_by, post.url) == (ana, "")
    assert post.collected_at is not None


def test_same_bytes_twice_are_one_video(clip: MakeClip, tmp_path: Path) -> None:
    copy = tmp_path / "another name.mp4"
    copy.write_bytes(clip().read_bytes())

    first, second = import_file(clip(), ClipFacts("a")), import_file(copy, ClipFacts("b"))

    assert (first.is_new, second.is_new) == (True, False)
    assert first.video == second.video
    assert (Slot.objects.count(), Post.objects.get().author_handle) == (1, "a")


@pytest.mark.parametrize("content", [b"", b"this is a letter"], ids=["empty", "text"])
def test_file_that_is_no_video_leaves_nothing(content: bytes, tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "letter.mp4"
    path.write_bytes(content)

    with pytest.raises(NotAVideo, match=r"letter\.mp4"):
        import_file(path, ClipFacts())

    assert not Post.objects.exists()
    assert media_files(settings) == []


def test_failure_while_writing_rows_leaves_no_row(clip: MakeClip, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(video: Video, sighting: Sighting | None, *, own_split: str) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(importer, "make_ready", refuse)

    with pytest.raises(RuntimeError, match="power cut"):
        import_file(clip(), ClipFacts())

    assert not Post.objects.exists()
    assert not Variant.objects.exists()


def test_stored_variant_makes_its_video_ready(clip: MakeClip) -> None:
    variant = store_variant_file(bare_variant(), clip())

    assert variant.state == VariantState.STORED
    assert variant.video.ready_at is not None
    assert Slot.objects.get().video == variant.video


def test_second_variant_opens_no_second_slot(clip: MakeClip) -> None:
    first = store_variant_file(bare_variant(), clip(seed=1))
    second = make_variant(first.video, is_stored=False)

    store_variant_file(second, clip(seed=2))

    assert Slot.objects.count() == 1
    assert Variant.objects.stored().count() == 2


def test_stored_variant_forgets_an_earlier_failure(clip: MakeClip) -> None:
    variant = bare_variant()
    Variant.objects.update(state="failed", failure_kind="network", failure_message="The connection broke.")

    store_variant_file(variant, clip())

    variant.refresh_from_db()
    assert (variant.state, variant.failure_kind, variant.failure_message) == ("stored", "", "")


def test_declared_duration_of_a_video_is_kept(clip: MakeClip) -> None:
    video = make_video(is_ready=False, duration_seconds=7.5)

    store_variant_file(make_variant(video, is_stored=False), clip())

    video.refresh_from_db()
    assert video.duration_seconds == 7.5


def test_same_file_in_two_posts_is_one_group(clip: MakeClip) -> None:
    first = store_variant_file(bare_variant(), clip())
    second = store_variant_file(bare_variant(), clip())

    assert first.video != second.video
    assert first.video.group == second.video.group
    assert DuplicateGroup.objects.count() == 1


def test_damaged_file_leaves_the_variant_as_it_was(tmp_path: Path) -> None:
    variant, path = bare_variant(), tmp_path / "cut.mp4"
    path.write_bytes(b"not a video")

    with pytest.raises(NotAVideo):
        store_variant_file(variant, path)

    variant.refresh_from_db()
    assert variant.state == VariantState.WAITING
    assert not Slot.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_same_file_imported_at_once_is_one_video(clip: MakeClip) -> None:
    path = clip()

    results = at_once(*[lambda: import_file(path, ClipFacts())] * 8)

    assert [result.is_new for result in results].count(True) == 1
    assert {result.video for result in results} == {Video.objects.get()}
    assert Slot.objects.count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_twins_stored_at_once_are_one_group_and_one_split(clip: MakeClip) -> None:
    path = clip()
    variants = [bare_variant() for _ in range(4)]

    stored = at_once(*[lambda variant=variant: store_variant_file(variant, path) for variant in variants])

    assert len({variant.video.group_id for variant in stored}) == 1
    assert len({variant.video.split for variant in stored}) == 1
    assert Slot.objects.count() == 4


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_variants_of_one_video_stored_at_once_open_one_slot(clip: MakeClip) -> None:
    video = make_video(is_ready=False)
    paths = [clip(seed=seed) for seed in range(4)]
    variants = [make_variant(video, is_stored=False) for _ in paths]

    at_once(
        *[
            lambda variant=variant, path=path: store_variant_file(variant, path)
            for variant, path in zip(variants, paths, strict=True)
        ]
    )

    assert Slot.objects.count() == 1
    assert video.variants.stored().count() == 4


def test_stored_name_ends_as_browsers_know_it(clip: MakeClip) -> None:
    video = import_file(clip(), ClipFacts()).video

    variant = video.best_variant()
    assert variant is not None
    assert variant.name.endswith(f"/{variant.sha256}.mp4")
