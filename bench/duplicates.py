"""How many altered copies of a clip are recognised, how many different clips are taken for one, and how fast.

Real clips (`--videos DIR`; ../shared/videos if it is there) and made ones. Thresholds are chosen on one half
(`--half tune`); what is reported is measured on the other, whose made clips are others too. Copies are looked
up as newcomers on PostgreSQL, with `--known` other videos in the index (100,000 unless told otherwise). Exits
1 if recall is below 0.95 or one pair of different clips is merged.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

HALVES = ("tune", "report")
NUM_MADE = 160
NUM_MADE_COPIED = 16
LEAST_RECALL = 0.95
ORIGINAL = "original"
AT_ONCE = 500
FIRST_MADE_UP = 10**9
FLIPPED = 0.3  # of the bits of a frame that is known, to make that of a video nobody has seen

Clip = tuple[str, str]  # its source, and what was done to it


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=Path, default=ROOT.parent / "shared" / "videos")
    parser.add_argument("--known", type=int, default=100_000)
    parser.add_argument("--half", choices=HALVES, default="report")
    options = parser.parse_args()
    from bench._setup import django_on_postgres, machine

    with tempfile.TemporaryDirectory(prefix="cakelens-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        django_on_postgres(folder)
        print(machine())
        sightings = look_at_all(options.videos, HALVES.index(options.half), folder)
        recall = report_recall(sightings, options.known)
        num_merged = report_precision(sightings)
    return int(recall < LEAST_RECALL or num_merged > 0)


def look_at_all(videos: Path, half: int, folder: Path) -> dict[Clip, Any]:
    """Make the clips of one half and their copies, and fingerprint them."""
    from bench._copies import make_copies
    from labeling.collecting.fingerprints import look_at
    from labeling.collecting.probe import grey_frames
    from training.demo.synthetic import make_clips

    made = [clip.path for clip in make_clips(folder / "made", NUM_MADE, seed=half)]
    real = sorted(videos.glob("*.mp4"))[half::2]
    copied = [*real, *made[:NUM_MADE_COPIED]]
    with ThreadPoolExecutor(2) as pool:
        copies = list(pool.map(lambda path: make_copies(path, folder / path.stem), copied))
    paths = {(path.stem, ORIGINAL): path for path in (*real, *made)}
    for path, altered in zip(copied, copies, strict=True):
        paths |= {(path.stem, name): copy for name, copy in altered.items()}
    begin = time.process_time()
    sightings = {clip: look_at(grey_frames(path)) for clip, path in paths.items()}
    each = (time.process_time() - begin) / len(sightings) * 1000
    print(f"{len(real)} real clips, {len(made)} made ones, {len(sightings)} files with their copies")
    print(f"{each:.0f} ms of CPU to look at one")
    return sightings


# ---- Recall ---------------------------------------------------------------------------------------


def report_recall(sightings: dict[Clip, Any], num_known: int) -> float:
    """Look every copy up among the originals and many others; return the share that was found."""
    from bench._copies import COPIES

    fill_index(sightings, num_known)
    videos = remember_originals(sightings)
    seconds: list[float] = []
    forth, back = {}, {}
    for name in COPIES:
        clips = [clip for clip in sightings if clip[1] == name]
        forth[name] = [is_found(sightings[clip], videos[clip[0]], seconds) for clip in clips]
        back[name] = [is_found_later(sightings[(clip[0], ORIGINAL)], sightings[clip]) for clip in clips]
    print(f"\n{'copy':34} {'clips':>6} {'newcomer is the copy':>22} {'is the original':>16}")
    for name in COPIES:
        shares = np.mean(forth[name]), np.mean(back[name])
        print(f"{name:34} {len(forth[name]):>6} {shares[0]:>22.3f} {shares[1]:>16.3f}")
    all_forth, all_back = (np.concatenate(list(found.values())) for found in (forth, back))
    print(f"{'all':34} {len(all_forth):>6} {all_forth.mean():>22.3f} {all_back.mean():>16.3f}")
    median, p95 = np.quantile(seconds, (0.5, 0.95)) * 1000
    print(f"look-up among {num_known + len(videos):,} known: median {median:.0f} ms, p95 {p95:.0f} ms")
    return float(min(all_forth.mean(), all_back.mean()))


def is_found(sighting: Any, original: Any, seconds: list[float]) -> bool:
    """Tell whether a newcomer finds its original, through the index and the comparison after it."""
    from labeling.collecting import neighbours
    from labeling.models import Video

    begin = time.perf_counter()
    found = neighbours.twins(Video(pk=0), sighting)
    seconds.append(time.perf_counter() - begin)
    return original.pk in found


def is_found_later(sighting: Any, copy: Any) -> bool:
    """Tell whether an original that arrives after its copy finds it: two keys beat a million by chance."""
    from labeling.collecting.fingerprints import is_same_footage
    from labeling.collecting.neighbours import indexed_keys, sought_keys

    num_common = len(sought_keys(sighting) & indexed_keys(copy.known()))
    return num_common >= 2 and is_same_footage(sighting, copy.known())


def remember_originals(sightings: dict[Clip, Any]) -> dict[str, Any]:
    """Write the originals as videos that are known."""
    from labeling.collecting import neighbours
    from labeling.models import DuplicateGroup, Post, Video

    videos: dict[str, Any] = {}
    for (source, name), sighting in sightings.items():
        if name == ORIGINAL:
            number = len(videos)
            group = DuplicateGroup.objects.create(key=source, number=number, split="train")
            post = Post.objects.create(x_id=str(number))
            videos[source] = Video.objects.create(post=post, key=source, group=group, split="train")
            neighbours.remember(videos[source], sighting.known())
    return videos


def fill_index(sightings: dict[Clip, Any], count: int) -> None:
    """Write keys of `count` videos that were never seen: frames of the originals with bits flipped."""
    from django.db import connection

    originals = [sighting.whole for (_, name), sighting in sightings.items() if name == ORIGINAL]
    pool_FB = np.concatenate([whole.hashes_FB for whole in originals])
    table = "labeling_fingerprintkey"
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")  # they have no video
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey")  # sorted once is quicker
        with cursor.copy(f"COPY {table} (key, video_id) FROM STDIN") as copy:
            for first in range(0, count, AT_ONCE):
                copy.write(made_up_rows(pool_FB, range(first, min(first + AT_ONCE, count))))
        cursor.execute(f"ALTER TABLE {table} ADD PRIMARY KEY (key, video_id)")
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
        cursor.execute(f"VACUUM ANALYZE {table}")


def made_up_rows(pool_FB: Any, numbers: range) -> str:
    """Return rows of the index for so many videos: as many keys as one has, of frames of its own."""
    from labeling.collecting.fingerprints import CROPS
    from labeling.collecting.neighbours import NUM_CROPS_INDEXED, NUM_INDEXED, keys_of

    rng = np.random.default_rng(numbers.start)
    num_frames = NUM_INDEXED + len(CROPS) * NUM_CROPS_INDEXED
    chosen_FB = pool_FB[rng.integers(len(pool_FB), size=len(numbers) * num_frames)]
    flips_FB = np.packbits(rng.random((len(chosen_FB), chosen_FB.shape[1] * 8)) < FLIPPED, axis=1)
    keys_VK = keys_of(chosen_FB ^ flips_FB).reshape(len(numbers), -1).tolist()
    return "".join(
        f"{key}\t{FIRST_MADE_UP + number}\n"
        for number, keys in zip(numbers, keys_VK, strict=True)
        for key in set(keys)
    )


# ---- Precision ------------------------------------------------------------------------------------


def report_precision(sightings: dict[Clip, Any]) -> int:
    """Compare every two files of different clips; return how many pairs were taken for one footage."""
    from bench._copies import RELATIVES

    files = {clip: sighting for clip, sighting in sightings.items() if clip[1] not in RELATIVES}
    sources = np.array([source for source, _ in files])
    num_pairs, merged = 0, []
    for clip, others in suspects(files):
        num_pairs += int((sources != clip[0]).sum())
        merged += [(clip, other) for other in others if is_same(sightings[clip], sightings[other])]
    print(f"\n{num_pairs:,} pairs of files of different clips: {len(merged)} taken for one footage", *merged)
    report_relatives(sightings)
    return len(merged)


def suspects(files: dict[Clip, Any]) -> Iterator[tuple[Clip, list[Clip]]]:
    """Yield each file with the others that have enough frames alike to be worth comparing.

    Its crops are held against the others' whole frames; the other way round, where those have their turn.
    """
    from labeling.collecting.fingerprints import ALIKE, MIN_AGREEING, Fingerprint, distances

    known = [sighting.known().whole for sighting in files.values()]
    every = Fingerprint(
        np.concatenate([each.seconds_F for each in known]), np.concatenate([each.hashes_FB for each in known])
    )
    starts = np.cumsum([0, *map(len, known)])[:-1]
    clips = list(files)
    for clip, sighting in files.items():
        num_alike = np.zeros(len(known), dtype=int)
        for view in (sighting.whole, *sighting.crops):
            alike = np.logical_or.reduceat(distances(view, every) <= ALIKE, starts, axis=1)
            num_alike = np.maximum(num_alike, alike.sum(axis=0))
        yield clip, [clips[n] for n in np.flatnonzero(num_alike >= MIN_AGREEING) if clips[n][0] != clip[0]]


def is_same(newcomer: Any, other: Any) -> bool:
    from labeling.collecting.fingerprints import is_same_footage

    return is_same_footage(newcomer, other.known())


def report_relatives(sightings: dict[Clip, Any]) -> None:
    """Say what happens to two clips made of one picture: alike, but each its own footage."""
    from bench._copies import RELATIVES

    zoomed, panned = RELATIVES
    sources = [source for source, name in sightings if name == zoomed]
    merged = [is_same(sightings[(source, zoomed)], sightings[(source, panned)]) for source in sources]
    print(f"one picture zoomed into, and panned over: {sum(merged)} of {len(merged)} taken for one footage")


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
