"""Which known videos look like a newcomer: found by key among a million, then compared frame by frame.

A key is a band and its bits of one frame's hash. A video stands in the index under the keys of a few frames,
whole and cropped; a newcomer looks there under those of more. What has the most keys in common is verified.
"""

import numpy as np
from django.db.models import Count, Q, QuerySet
from numpy.typing import NDArray

from labeling.collecting.fingerprints import CURRENT, HASH_SIDE, Fingerprint, Sighting, is_same_footage
from labeling.models import FingerprintKey, Video

BANDS = 4
BITS_PER_BAND = 20
"""With 16, chance alone fills the candidates of a million; with 24, copies that were cropped get lost."""

NUM_INDEXED = 12
NUM_CROPS_INDEXED = 4
"""Frames of each crop. With them a copy that lost a fifth of its picture is found; fewer miss some."""

NUM_SOUGHT = 48
MOST_CANDIDATES = 100
"""Known videos compared frame by frame, those with the most keys in common first."""


def twins(video: Video, sighting: Sighting) -> list[int]:
    """Return ids of other videos that are the same footage, one of each group they are in."""
    found: dict[int | None, int] = {}
    candidates = _candidates(video, sighting)
    known = {row.pk: row for row in Video.objects.filter(pk__in=candidates).only("group", "fingerprint")}
    for other in (known[pk] for pk in candidates if pk in known):
        is_news = other.group_id not in found
        if is_news and is_same_footage(sighting, Sighting.from_bytes(bytes(other.fingerprint or b""))):
            found[other.group_id] = other.pk
    return list(found.values())


def unseen() -> QuerySet[Video]:
    """Videos that can be labeled and were never looked at, or only as was done before CURRENT."""
    videos: QuerySet[Video] = Video.objects.ready()
    return videos.filter(Q(fingerprint=None) | Q(fingerprint__lt=CURRENT))


def remember(video: Video, known: Sighting) -> None:
    """Let `video` be found by this, unless it is by something as good."""
    before = Video.objects.filter(pk=video.pk).values_list("fingerprint", flat=True).get()
    if before is not None and bytes(before) >= CURRENT:
        return
    Video.objects.filter(pk=video.pk).update(fingerprint=known.to_bytes())
    old = indexed_keys(Sighting.from_bytes(bytes(before))) if before else set()
    new = indexed_keys(known)
    FingerprintKey.objects.filter(video=video, key__in=old - new).delete()
    rows = [FingerprintKey(key=key, video=video) for key in sorted(new - old)]
    FingerprintKey.objects.bulk_create(rows)


def _candidates(video: Video, sighting: Sighting) -> list[int]:
    """Return ids of the videos that have the most keys in common, those first."""
    rows = FingerprintKey.objects.filter(key__in=sought_keys(sighting)).exclude(video=video)
    counted = rows.values("video").annotate(num_common=Count("key")).order_by("-num_common", "video")
    return list(counted.values_list("video", flat=True)[:MOST_CANDIDATES])


def indexed_keys(known: Sighting) -> set[int]:
    """Return the keys under which a clip is found."""
    crops = (crop.thinned(NUM_CROPS_INDEXED) for crop in known.crops)
    return _keys(known.whole.thinned(NUM_INDEXED)).union(*map(_keys, crops))


def sought_keys(sighting: Sighting) -> set[int]:
    """Return the keys under which twins of a newcomer may stand."""
    return _keys(sighting.whole.thinned(NUM_SOUGHT)).union(*map(_keys, sighting.crops))


def _keys(fingerprint: Fingerprint) -> set[int]:
    return set(keys_of(fingerprint.hashes_FB).ravel().tolist())


def keys_of(hashes_FB: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return each frame's key in each band."""
    bits = np.unpackbits(hashes_FB, axis=1)[:, _BAND_BITS]
    values: NDArray[np.int64] = bits.astype(np.int64) @ (1 << np.arange(BITS_PER_BAND))
    return values + (np.arange(BANDS) << BITS_PER_BAND)


def _band_bits() -> NDArray[np.intp]:
    """Return which bits of a hash each band has: the lowest frequencies, dealt in turn, without the mean."""
    rows, columns = np.divmod(np.arange(HASH_SIDE * HASH_SIDE), HASH_SIDE)
    lowest_first = np.lexsort((rows, np.maximum(rows, columns), rows + columns))
    return lowest_first[1 : 1 + BANDS * BITS_PER_BAND].reshape(BITS_PER_BAND, BANDS).T


_BAND_BITS = _band_bits()
