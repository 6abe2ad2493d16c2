import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cakelens.labels import Label
from labeling.collecting.probe import probe
from training.batches import confounds
from training.batches.rows import ManifestRow
from training.demo.scenes import FPS, HEIGHT, NUM_FRAMES, WIDTH
from training.demo.synthetic import Clip, make_clip, make_clips
from training.evaluating import baseline, encoding

pytestmark = pytest.mark.slow
SyntheticRows = Callable[..., tuple[list[ManifestRow], Path]]


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Path]:
    """`made(3, is_ai_gen=True, maker=…)` is the path of clip 3."""

    def make(number: int, *, is_ai_gen: bool = False, maker: Label | None = None, seed: int = 0) -> Path:
        clip = Clip(tmp_path / f"clip-{number:04d}.mp4", is_ai_gen, maker)
        return make_clip(clip, seed=seed).path

    return make


MakeClip = Callable[..., Path]


def test_both_kinds_are_alike_in_every_fact(made: MakeClip) -> None:
    paths = [made(number, is_ai_gen=number % 2 == 1, maker=None) for number in range(6)]

    assert {path.stat().st_size for path in paths} == {encoding.FILE_BYTES}
    (facts,) = {probe(path) for path in paths}
    assert (facts.codec, facts.width, facts.height) == ("h264", WIDTH, HEIGHT)
    assert (facts.fps, facts.num_frames) == (FPS, NUM_FRAMES)
    assert facts.bit_rate_bps == encoding.NUM_BYTES * 8 * FPS // NUM_FRAMES


def test_same_seed_gives_the_same_bytes(made: MakeClip) -> None:
    first = made(1).read_bytes()

    assert made(1).read_bytes() == first
    assert made(1, seed=9).read_bytes() != first


def test_pictures_too_rich_for_the_size_are_encoded_worse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (NUM_FRAMES, HEIGHT, WIDTH, 3), dtype=np.uint8)
    monkeypatch.setattr(encoding, "NUM_BYTES", 600_000)
    monkeypatch.setattr(encoding, "FILE_BYTES", 602_048)

    encoding.write_clip(tmp_path / "noise.mp4", noise)

    assert (tmp_path / "noise.mp4").stat().st_size == 602_048


def test_pictures_that_never_fit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "NUM_BYTES", 1000)
    black = np.zeros((NUM_FRAMES, HEIGHT, WIDTH, 3), dtype=np.uint8)

    with pytest.raises(ValueError, match=r"black.mp4 does not fit into 1000 bytes at any quality"):
        encoding.write_clip(tmp_path / "black.mp4", black)

    assert list(tmp_path.iterdir()) == []


def test_clips_come_in_order_with_their_truth(tmp_path: Path) -> None:
    clips = list(make_clips(tmp_path / "clips", 6, seed=3, processes=2))

    assert [clip.path.name for clip in clips] == [f"clip-{number:04d}.mp4" for number in range(6)]
    assert [(clip.is_ai_gen, clip.maker) for clip in clips[1::2]] == [
        (True, Label.KLING),
        (True, Label.VEO),
        (True, None),
    ]
    with (tmp_path / "clips" / "videos.csv").open() as file:
        truth = [(line["file"], line["ai_gen"], line["kling"], line["veo"]) for line in csv.DictReader(file)]
    assert truth[:2] == [("clip-0000.mp4", "0", "0", "0"), ("clip-0001.mp4", "1", "1", "0")]
    assert truth[5] == ("clip-0005.mp4", "1", "", "")


def test_interrupted_making_leaves_whole_clips_and_no_list(tmp_path: Path) -> None:
    clips = make_clips(tmp_path, 40, processes=1)
    next(clips)

    clips.close()

    assert not (tmp_path / "videos.csv").exists()
    assert {path.stat().st_size for path in tmp_path.iterdir()} == {encoding.FILE_BYTES}


def test_no_clips_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="count must be >= 1, got 0"):
        next(make_clips(tmp_path, 0))


def test_metadata_alone_tells_nothing(synthetic_rows: SyntheticRows) -> None:
    rows, _ = synthetic_rows(80)
    train, test = ([row for row in rows if (row.split == "test") is wanted] for wanted in (False, True))

    assert baseline.metadata_baseline(train, test)["auc"] == pytest.approx(0.5, abs=0.1)
    assert confounds.telling(confounds.fact_aucs(rows), rows) == {}
