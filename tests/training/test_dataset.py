from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch

from cakelens.config import ModelConfig
from cakelens.decoding import VideoReader
from training.batches.rows import ManifestRow
from training.config import TrainConfig
from training.dataset import FramesetDataset, Minibatch, Sample, Unreadable, make_minibatches, targets_of
from training.learning.sampling import Pick, Schedule

MakeRow = Callable[..., ManifestRow]
ClipRows = Callable[..., tuple[list[ManifestRow], Path]]
PICK = Pick(epoch=0, place=0, row=0)


def dataset_of(
    rows: Sequence[ManifestRow], media_dir: Path, window: int = 32, **config: object
) -> FramesetDataset:
    model = ModelConfig(window=window)
    return FramesetDataset(rows, media_dir, TrainConfig(**config), model)  # type: ignore[arg-type]  # as given


def sample_of(dataset: FramesetDataset, pick: Pick = PICK) -> Sample:
    sample = dataset[pick]
    assert isinstance(sample, Sample)
    return sample


def all_of(dataset: FramesetDataset, start: int = 0, **config: int) -> list[Minibatch]:
    return list(make_minibatches(dataset, Schedule.of(dataset.rows, dataset.config), start))


def test_sample_is_nine_frames_of_the_window(clip_rows: ClipRows) -> None:
    sample = sample_of(dataset_of(*clip_rows("train")))

    assert (sample.frames_CTHW.shape, sample.frames_CTHW.dtype) == ((3, 9, 32, 32), torch.uint8)
    assert (sample.targets_L.shape, sample.mask_L.shape) == ((17,), (17,))


def test_targets_are_masked_where_not_judged(make_row: MakeRow) -> None:
    targets_L, mask_L = targets_of(make_row(ai_gen=True, KLING=False))

    assert targets_L[[0, 4, 5]].tolist() == [1, 0, 0]
    assert mask_L[[0, 4, 5]].tolist() == [1, 1, 0]


def test_same_pick_is_the_same_sample(clip_rows: ClipRows) -> None:
    rows, media_dir = clip_rows("train")

    first, again = (sample_of(dataset_of(rows, media_dir)) for _ in range(2))

    assert torch.equal(first.frames_CTHW, again.frames_CTHW)


def test_samples_differ_by_epoch_place_and_seed(clip_rows: ClipRows) -> None:
    rows, media_dir = clip_rows("train")
    samples = [
        sample_of(dataset_of(rows, media_dir)).frames_CTHW,
        sample_of(dataset_of(rows, media_dir), PICK._replace(epoch=1)).frames_CTHW,
        sample_of(dataset_of(rows, media_dir), PICK._replace(place=1)).frames_CTHW,
        sample_of(dataset_of(rows, media_dir, seed=5)).frames_CTHW,
    ]

    assert len({sample.numpy().tobytes() for sample in samples}) == 4


@pytest.mark.parametrize(("crop", "top", "left"), [("top-left", 0, 0), ("center", 8, 16)])
def test_crop_takes_its_part(clip_rows: ClipRows, crop: str, top: int, left: int) -> None:
    rows, media_dir = clip_rows("train", num_frames=9)
    whole_TCHW = VideoReader(media_dir / rows[0].best_variant.name).frames_TCHW(range(9))

    sample = sample_of(dataset_of(rows, media_dir, crop=crop, flip=False))

    expected_TCHW = whole_TCHW[:, :, top : top + 32, left : left + 32]
    assert torch.equal(sample.frames_CTHW, expected_TCHW.transpose(0, 1))


def test_short_and_small_video_is_padded_with_zeros(clip_rows: ClipRows) -> None:
    sample = sample_of(dataset_of(*clip_rows("train", num_frames=5), window=96))

    lit_TYX = (sample.frames_CTHW > 0).any(0)
    assert lit_TYX.any((1, 2)).tolist() == [False] * 2 + [True] * 5 + [False] * 2
    assert not lit_TYX[:, :24].any()
    assert not lit_TYX[:, :, :16].any()


def test_flip_mirrors_some_and_never_when_off(clip_rows: ClipRows) -> None:
    rows, media_dir = clip_rows("train", num_frames=9)
    picks = [PICK._replace(place=place) for place in range(8)]

    plain = [sample_of(dataset_of(rows, media_dir, crop="center", flip=False), p).frames_CTHW for p in picks]
    some = [sample_of(dataset_of(rows, media_dir, crop="center", flip=True), p).frames_CTHW for p in picks]

    mirrored = [torch.equal(b, a.flip(3)) for a, b in zip(plain, some, strict=True)]
    assert set(mirrored) == {True, False}
    assert all(m or torch.equal(a, b) for a, b, m in zip(plain, some, mirrored, strict=True))


@pytest.mark.slow
def test_every_variant_is_drawn(tmp_path: Path, clip: Callable[..., Path], make_row: MakeRow) -> None:
    variants = []
    for place, width in enumerate((64, 128)):
        path = clip(seed=1, num_frames=9, width=width)
        (tmp_path / f"{place}.mp4").write_bytes(path.read_bytes())
        variants.append(make_row(place, variant={"name": f"{place}.mp4", "width": width}).variants[0])
    row = make_row(variants=tuple(sorted(variants, key=lambda variant: variant.sha256)))
    dataset = dataset_of([row], tmp_path, window=128)

    lit = {
        int((sample_of(dataset, PICK._replace(place=place)).frames_CTHW > 0).any(0).any(0).any(0).sum())
        for place in range(12)
    }

    assert lit == {64, 128}


def test_unreadable_video_is_named_and_left_out(clip_rows: ClipRows, make_row: MakeRow) -> None:
    rows, media_dir = clip_rows("train", "train", "train")
    broken = make_row(9, variant={"name": "missing.mp4"})

    (minibatch,) = all_of(dataset_of([*rows, broken], media_dir, minibatch_size=4, epochs=1))

    assert len(minibatch.frames_NCTHW) == len(minibatch.targets_NL) == len(minibatch.mask_NL) == 3
    assert minibatch.unreadable == [Unreadable("0009/0", f"{media_dir}/missing.mp4: no such file")]


def test_minibatch_of_nothing_readable_is_empty(tmp_path: Path, make_row: MakeRow) -> None:
    (minibatch,) = all_of(dataset_of([make_row(1)], tmp_path, epochs=1))

    assert len(minibatch.frames_NCTHW) == 0
    assert [video for video, _ in minibatch.unreadable] == ["0001/0"]


def test_continues_with_the_same_minibatches(clip_rows: ClipRows) -> None:
    dataset = dataset_of(*clip_rows("train", "train", "train"), minibatch_size=2, epochs=2)

    whole, rest = all_of(dataset), all_of(dataset, start=2)

    assert len(rest) == 2
    for one, other in zip(whole[2:], rest, strict=True):
        assert torch.equal(one.frames_NCTHW, other.frames_NCTHW)
        assert torch.equal(one.targets_NL, other.targets_NL)


@pytest.mark.slow
def test_worker_processes_make_the_same_minibatches(clip_rows: ClipRows) -> None:
    rows, media_dir = clip_rows("train", "train", "train")
    state = torch.get_rng_state()

    alone = all_of(dataset_of(rows, media_dir, minibatch_size=2, epochs=2))
    helped = all_of(dataset_of(rows, media_dir, minibatch_size=2, epochs=2, num_workers=2))

    assert len(alone) == len(helped) == 4
    for one, other in zip(alone, helped, strict=True):
        assert torch.equal(one.frames_NCTHW, other.frames_NCTHW)
    assert torch.equal(torch.get_rng_state(), state)
