"""A batch of synthetic clips for benchmarks: drawn, encoded, probed, dealt to the splits."""

import csv
from hashlib import sha256
from pathlib import Path

from cakelens.labels import Label
from labeling.collecting.probe import probe
from training.batches.manifest import Manifest, canonical_digest
from training.batches.rows import ManifestRow, VariantRow
from training.demo.synthetic import make_clips

_SPLITS = ("train",) * 6 + ("validation",) + ("test",) * 3  # of ten pairs, each one filmed and one generated


def synthetic_batch(folder: Path, count: int, seed: int = 1) -> Manifest:
    """Make `count` clips in `folder` and give them as a batch."""
    if not (folder / "videos.csv").exists():
        list(make_clips(folder, count, seed=seed))
    with (folder / "videos.csv").open() as file:
        rows = tuple(_row(folder / line["file"], line["ai_gen"] == "1") for line in csv.DictReader(file))
    return Manifest("synthetic", canonical_digest(rows), rows)


def _row(path: Path, is_ai_gen: bool) -> ManifestRow:
    probed, content = probe(path), path.read_bytes()
    pair = int(path.stem.rpartition("-")[2]) // 2
    variant = VariantRow(
        sha256=sha256(content).hexdigest(),
        name=path.name,
        num_bytes=len(content),
        width=probed.width,
        height=probed.height,
        fps=probed.fps,
        codec=probed.codec,
        bit_rate_bps=probed.bit_rate_bps,
        num_frames=probed.num_frames,
        duration_seconds=probed.duration_seconds,
    )
    return ManifestRow(
        video=f"{path.stem}/0",
        post=path.stem,
        split=_SPLITS[pair % len(_SPLITS)],
        group=path.stem,
        method="imported",
        labels={Label.AI_GEN: is_ai_gen},
        variants=(variant,),
    )
