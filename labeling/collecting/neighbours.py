"""Which known videos look like a newcomer: found by key among a million, then compared frame by frame.

A key is a band and its bits of one frame's hash. A video stands in the index under the keys of a few frames;
a newcomer looks there under those of more, in every view. What has the most keys in common is verified.
"""

import numpy as np
from django.db.models import Count
from numpy.typing import NDArray

from labeling.collecting.fingerprints import HASH_SIDE, Fingerprint, Sighting, is_same_footage
from labeling.models import FingerprintKey, Video

BANDS = 4
BITS_PER_BAND = 20
"""With 16, chance alone fills the candidates of a million; with 24, copies that were cropped get lost."""

NUM_INDEXED = 12
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
        if is_news and is_same_footage(sighting, Fingerprint.from_bytes(bytes(other.fingerprint or b""))):
            found[other.group_id] = other.pk
    return list(found.values())


def remember(video: Video, known: Fingerprint) -> None:
    """Let `video` be found by this fingerprint, unless it has one already."""
    if not Video.objects.filter(pk=video.pk, fingerprint=None).update(fingerprint=known.to_bytes()):
        return
    rows = [FingerprintKey(key=key, video=video) for key in sorted(indexed_keys(known))]
    FingerprintKey.objects.bulk_create(rows)


def _candidates(video: Video, sighting: Sighting) -> list[int]:
    """Return ids of the videos that have the most keys in common, those first."""
    rows = FingerprintKey.objects.filter(key__in=sought_keys(sighting)).exclude(video=video)
    counted = rows.values("video").annotate(num_common=Count("key")).order_by("-num_common", "video")
    return list(counted.values_list("video", flat=True)[:MOST_CANDIDATES])


def indexed_keys(known: Fingerprint) -> set[int]:
    """Return the keys under which a clip is found."""
    return _keys(known.thinned(NUM_INDEXED))


def sought_keys(sighting: Sighting) -> set[int]:
    """Return the keys under which twins of a newcomer may stand."""
    return _keys(sighting.whole.thinned(NUM_SOUGHT)).union(*map(_keys, sighting.views))


def _keys(fingerprint: Fingerprint) -> set[int]:
    bits = np.unpackbits(fingerprint.hashes_FB, axis=1)[:, _BAND_BITS]
    values = bits.astype(np.int64) @ (1 << np.arange(BITS_PER_BAND))
    return set((values + (np.arange(BANDS) << BITS_PER_BAND)).ravel().tolist())


def _band_bits() -> NDArray[np.intp]:
    """Return which bits of a hash each band has: the lowest frequencies, dealt in turn, without the mean."""
    rows, columns = np.divmod(np.arange(HASH_SIDE * HASH_SIDE), HASH_SIDE)
    lowest_first = np.lexsort((rows, np.maximum(rows, columns), rows + columns))
    return lowest_first[1 : 1 + BANDS * BITS_PER_BAND].reshape(BITS_PER_BAND, BANDS).T


_BAND_BITS = _band_bits()
