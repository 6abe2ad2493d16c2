"""The banded index: what looks alike is found by key, and verified."""

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries

from labeling.collecting import duplicates, neighbours
from labeling.collecting.fingerprints import HASH_BYTES, Fingerprint, Sighting
from labeling.models import DuplicateGroup, FingerprintKey, Split, Video
from tests.factories import make_video
from tests.races import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def sighting(seed: int, *, num_frames: int = 16, flipped: float = 0.0) -> Sighting:
    """A clip of frames that have nothing in common; `flipped` of their bits are those of a poor copy."""
    hashes_FB = np.random.default_rng(seed).integers(0, 256, (num_frames, HASH_BYTES), dtype=np.uint8)
    noise_F8B = np.random.default_rng(seed + 1000).random((num_frames, 8 * HASH_BYTES)) < flipped
    seconds_F = np.arange(num_frames).astype(np.float32) / np.float32(8)
    return Sighting(Fingerprint(seconds_F, hashes_FB ^ np.packbits(noise_F8B, axis=1)), ())


def known_video(seen: Sighting, split: str = Split.TRAIN) -> Video:
    video = make_video(split=split)
    neighbours.remember(video, seen.known())
    video.refresh_from_db()
    return video


def newcomer() -> Video:
    return make_video(is_ready=False)


def test_copy_finds_its_twin() -> None:
    twin, _ = known_video(sighting(1)), known_video(sighting(2))

    assert neighbours.twins(newcomer(), sighting(1, flipped=0.05)) == [twin.pk]


def test_what_looks_like_nothing_known_finds_nothing() -> None:
    known_video(sighting(1))

    assert neighbours.twins(newcomer(), sighting(2)) == []


def test_common_keys_alone_make_no_twin() -> None:
    shared, own = sighting(1).whole, sighting(2).whole
    mixed = np.vstack([shared.hashes_FB[:3], own.hashes_FB[3:]])
    known_video(sighting(1))

    assert neighbours.twins(newcomer(), Sighting(Fingerprint(own.seconds_F, mixed))) == []


def test_original_finds_a_crop_of_it_that_came_first() -> None:
    copy = known_video(sighting(1))
    original = Sighting(sighting(2).whole, (sighting(3).whole, sighting(1).whole))

    assert neighbours.twins(newcomer(), original) == [copy.pk]


def test_crop_finds_its_original_that_came_first() -> None:
    original = known_video(Sighting(sighting(2).whole, (sighting(3).whole, sighting(1).whole)))

    assert neighbours.twins(newcomer(), sighting(1)) == [original.pk]


def test_video_is_not_its_own_twin() -> None:
    video = known_video(sighting(1))

    assert neighbours.twins(video, sighting(1)) == []


def test_each_group_is_named_once() -> None:
    first = known_video(sighting(1))
    make_second = make_video(group=first.group)
    neighbours.remember(make_second, sighting(1).known())
    other = known_video(sighting(1))

    assert neighbours.twins(newcomer(), sighting(1)) == [first.pk, other.pk]


def test_fingerprint_of_earlier_days_gives_way() -> None:
    video, old = make_video(), sighting(2).whole
    Video.objects.filter(pk=video.pk).update(fingerprint=old.to_bytes())
    rows = [FingerprintKey(key=key, video=video) for key in neighbours.indexed_keys(Sighting(old))]
    FingerprintKey.objects.bulk_create(rows)

    neighbours.remember(video, sighting(1).known())

    keys = set(FingerprintKey.objects.values_list("key", flat=True))
    assert keys == neighbours.indexed_keys(sighting(1).known())
    assert neighbours.twins(newcomer(), sighting(1)) == [video.pk]


def test_video_with_a_fingerprint_of_earlier_days_or_none_is_unseen() -> None:
    known_video(sighting(1))
    make_video(is_ready=False)
    never, old = make_video(), make_video()
    Video.objects.filter(pk=old.pk).update(fingerprint=sighting(2).whole.to_bytes())

    assert set(neighbours.unseen()) == {never, old}


def test_first_fingerprint_stays() -> None:
    video = known_video(sighting(1))

    neighbours.remember(video, sighting(2).known())

    kept = video.fingerprint
    video.refresh_from_db()
    assert bytes(video.fingerprint or b"") == bytes(kept or b"") != b""
    assert neighbours.twins(newcomer(), sighting(2)) == []


def test_index_holds_the_keys_of_a_dozen_frames_and_of_some_cropped_ones() -> None:
    crops = tuple(sighting(seed, num_frames=12).whole for seed in range(2, 6))
    known_video(Sighting(sighting(1, num_frames=200).whole, crops))

    keys = FingerprintKey.objects.values_list("key", flat=True)
    num_frames = neighbours.NUM_INDEXED + len(crops) * neighbours.NUM_CROPS_INDEXED
    assert len(keys) == num_frames * neighbours.BANDS
    assert {key >> neighbours.BITS_PER_BAND for key in keys} == set(range(neighbours.BANDS))


def test_clip_without_a_telling_frame_is_remembered_under_no_key() -> None:
    video = known_video(sighting(1, num_frames=0))

    assert video not in neighbours.unseen()
    assert not FingerprintKey.objects.exists()
    assert neighbours.twins(newcomer(), sighting(1, num_frames=0)) == []


def test_number_of_queries_does_not_grow_with_what_is_known(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(5):
        known_video(sighting(1))
    video = newcomer()

    with django_assert_num_queries(2):
        neighbours.twins(video, sighting(1))


def test_near_duplicates_form_one_group() -> None:
    twin = known_video(sighting(1), split=Split.VALIDATION)
    copy = newcomer()

    group = duplicates.assign_group(copy, sighting(1, flipped=0.05))

    assert group == twin.group
    assert (copy.split, copy.quarantine) == (Split.VALIDATION, "")


def test_newcomer_is_found_from_then_on() -> None:
    first, second = newcomer(), newcomer()

    groups = [duplicates.assign_group(video, sighting(1)) for video in (first, second)]

    assert groups[0] == groups[1]


def test_near_duplicates_in_two_splits_quarantine_the_newer() -> None:
    older, newer = known_video(sighting(1), Split.TRAIN), known_video(sighting(2), Split.TEST)
    bridge = Sighting(sighting(1).whole, (sighting(2).whole,))

    group = duplicates.assign_group(newcomer(), bridge)

    newer.refresh_from_db()
    assert newer.group == older.group == group
    assert newer.quarantine == f"Same footage as {group.key}, which is in train; this one was in test."


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_copies_stored_at_once_are_one_group() -> None:
    copies = [newcomer() for _ in range(6)]

    at_once(
        *[
            lambda copy=copy, seed=seed: duplicates.assign_group(copy, sighting(1, flipped=seed / 200))
            for seed, copy in enumerate(copies)
        ]
    )

    assert DuplicateGroup.objects.count() == 1
    assert Video.objects.exclude(fingerprint=None).count() == len(copies)
