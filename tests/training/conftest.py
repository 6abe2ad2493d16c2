"""Batches as tests want them: rows alone, or videos with their files."""

import csv
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from pytest_django import Settings

from cakelens.config import PRESETS, TINY, ModelConfig
from cakelens.labels import Label
from labeling.collecting.importer import ClipFacts
from labeling.collecting.importing import Item, take_in
from labeling.collecting.probe import probe
from training import export
from training.batches.rows import ManifestRow, VariantRow
from training.demo.synthetic import make_clips
from training.models import TrainingBatch

# Of twenty pairs of clips, each a filmed and a generated one: where they go, and what shuffled labels say.
DEAL = [(split, truth) for truth in (False, True) for split in ["train", "test"] * 4 + ["validation", "test"]]

MakeRow = Callable[..., ManifestRow]


def _variant(key: str, **facts: object) -> VariantRow:
    digest = sha256(key.encode()).hexdigest()
    values: dict[str, object] = {
        "sha256": digest,
        "name": f"media/{digest}.mp4",
        "num_bytes": 1000,
        "width": 64,
        "height": 48,
        "fps": 12.0,
        "codec": "h264",
        "bit_rate_bps": 8000,
        "num_frames": 18,
        "duration_seconds": 1.5,
    }
    return VariantRow(**(values | facts))  # type: ignore[arg-type]  # checked by the row itself


@pytest.fixture
def make_variant() -> Callable[..., VariantRow]:
    """`make_variant("a", width=64, …)` is a variant whose hash follows from its key."""
    return _variant


@pytest.fixture
def make_row() -> MakeRow:
    """`make_row(3, ai_gen=True, split="test", variant={"width": 512}, KLING=True)` is video 3 of a batch."""

    def make(
        number: int = 0, *, ai_gen: bool = True, variant: dict[str, object] | None = None, **values: object
    ) -> ManifestRow:
        key = f"{number:04d}/0"
        labels = {"AI_GEN": ai_gen} | {name: values.pop(name) for name in list(values) if name.isupper()}
        row: dict[str, object] = {
            "video": key,
            "post": f"{number:04d}",
            "split": "train",
            "group": key,
            "method": "single",
            "labels": labels,
            "variants": (_variant(key, **(variant or {})),),
        }
        return ManifestRow(**(row | values))  # type: ignore[arg-type]  # checked by the row itself

    return make


@pytest.fixture
def small_tiny(monkeypatch: pytest.MonkeyPatch) -> ModelConfig:
    """Make the preset `tiny` smaller still: 4 channels, a window of 32 pixels."""
    small = replace(TINY, window=32, initial_channels=4, channels_step=4, hidden=(8, 8, 8))
    monkeypatch.setitem(PRESETS, "tiny", small)
    return small


@pytest.fixture(scope="session")
def clip_rows(clip: Callable[..., Path]) -> Callable[..., tuple[list[ManifestRow], Path]]:
    """`rows, media_dir = clip_rows("train", "test", …)`: real clips, one for each split named.

    Every other one is said to be generated.
    """

    def make(*splits: str, num_frames: int = 20) -> tuple[list[ManifestRow], Path]:
        paths = [clip(seed=number, num_frames=num_frames) for number in range(len(splits))]
        rows = [_clip_row(number, *item) for number, item in enumerate(zip(splits, paths, strict=True))]
        return rows, paths[0].parent

    return make


def _clip_row(number: int, split: str, path: Path) -> ManifestRow:
    content = path.read_bytes()
    facts = {"sha256": sha256(content).hexdigest(), "name": path.name, "num_bytes": len(content)}
    return ManifestRow(
        video=f"{number:04d}/0",
        post=f"{number:04d}",
        split=split,
        group=f"{number:04d}/0",
        method="single",
        labels={Label.AI_GEN: number % 2 == 1},
        variants=(_variant("", **facts),),
    )


@pytest.fixture(scope="session")
def synthetic_rows(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[list[ManifestRow], Path]]:
    """`rows, media_dir = synthetic_rows(60)`: probed synthetic clips, half of them to test on.

    `is_shuffled` deals the labels anew, evenly within each class of each split: they mean nothing.
    """
    folders: dict[int, Path] = {}

    def make(count: int, *, is_shuffled: bool = False) -> tuple[list[ManifestRow], Path]:
        if count not in folders:
            folders[count] = tmp_path_factory.mktemp("synthetic")
            list(make_clips(folders[count], count, seed=1))
        with (folders[count] / "videos.csv").open() as file:
            truth = list(csv.DictReader(file))
        return [_synthetic_row(folders[count], line, is_shuffled) for line in truth], folders[count]

    return make


def _synthetic_row(folder: Path, line: dict[str, str], is_shuffled: bool) -> ManifestRow:
    path = folder / line["file"]
    place = int(path.stem.rpartition("-")[2]) // 2  # of the pair: one generated, one not
    split, dealt = DEAL[place % 20]
    probed = probe(path)
    facts = {name: getattr(probed, name) for name in ("width", "height", "fps", "codec", "bit_rate_bps")}
    facts |= {name: getattr(probed, name) for name in ("num_frames", "duration_seconds")}
    content = path.read_bytes()
    stored = {"sha256": sha256(content).hexdigest(), "name": path.name, "num_bytes": len(content)}
    return ManifestRow(
        video=f"{path.stem}/0",
        post=path.stem,
        split=split,
        group=path.stem,
        method="imported",
        labels={Label.AI_GEN: dealt if is_shuffled else line["ai_gen"] == "1"},
        variants=(_variant("", **(facts | stored)),),
    )


@pytest.fixture
def own_runs(settings: Settings, tmp_path: Path) -> None:
    """Keep checkpoints apart: in each test's database, and in each worker's, the first run is run 1."""
    settings.VAR_DIR = tmp_path


@pytest.fixture
def export_clips(clip: Callable[..., Path]) -> Callable[[int], TrainingBatch]:
    """`export_clips(10)` is a batch of ten labeled clips, every other one generated, one for test."""

    def make(number: int) -> TrainingBatch:
        for seed in range(number):
            take_in(Item(clip(seed=seed), {Label.AI_GEN: bool(seed % 2)}, ClipFacts()))
        return export.export_batch()

    return make
