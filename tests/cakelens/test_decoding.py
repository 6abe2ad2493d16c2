from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from cakelens.config import TINY, ModelConfig
from cakelens.decoding import UnreadableVideo, VideoReader

WINDOW_64 = ModelConfig(window=64)
MakeClip = Callable[..., Path]
HDR = (  # noqa: SIM905  # reads as the command line it is
    "-c:v libx265 -x265-params log-level=none -pix_fmt yuv420p10le"
    " -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc"
).split()


def test_reader_tells_what_the_video_is(make_clip: MakeClip) -> None:
    reader = VideoReader(make_clip("160x120", 14), WINDOW_64)

    assert (reader.width, reader.height, reader.num_frames, reader.num_framesets) == (160, 120, 14, 2)
    assert reader.fps == pytest.approx(24)
    assert reader.duration_seconds == pytest.approx(14 / 24, abs=0.01)


def test_framesets_come_with_their_times(make_clip: MakeClip) -> None:
    reader = VideoReader(make_clip("160x120", 30), WINDOW_64)

    framesets = list(reader.framesets([0, 2]))

    assert [(index, start) for index, start, _ in framesets] == [(0, 0.0), (2, pytest.approx(18 / 24))]
    assert framesets[0][2].shape == (3, 9, 64, 64)
    assert reader.start_seconds(2) == pytest.approx(18 / 24)


def test_frameset_NCTHW_is_uint8_and_cut_like_single_frames(make_clip: MakeClip) -> None:  # noqa: N802
    reader = VideoReader(make_clip("160x120", 14), WINDOW_64)

    framesets_NCTHW = reader.frameset_NCTHW([1, 0])

    assert framesets_NCTHW.dtype == torch.uint8
    assert framesets_NCTHW.shape == (2, 3, 9, 64, 64)
    assert framesets_NCTHW[0, :, :2].count_nonzero() == 0  # five frames: two zeros before, two after
    assert framesets_NCTHW[1].equal(next(reader.framesets([0]))[2])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size", "options"),
    [
        ("odd.mp4", "333x517", ["-pix_fmt", "yuv444p"]),
        ("thin.mkv", "96x64", ["-vf", "crop=96:2", "-c:v", "ffv1"]),
        ("10-bit.mp4", "96x64", ["-pix_fmt", "yuv420p10le"]),
        ("hdr.mkv", "96x64", HDR),
        ("4k.mp4", "3840x2160", ["-preset", "ultrafast"]),
        ("variable-rate.mp4", "96x64", ["-vf", "setpts='N*(1+mod(N,3))/24/TB'", "-fps_mode", "vfr"]),
        ("picture.gif", "96x64", ["-pix_fmt", "rgb8"]),
        ("alpha.mov", "96x64", ["-c:v", "qtrle", "-pix_fmt", "argb"]),
    ],
)  # fmt: skip
def test_unusual_videos_are_read(name: str, size: str, options: list[str], make_clip: MakeClip) -> None:
    reader = VideoReader(make_clip(size, 10, *options, name=name), TINY)

    framesets_NCTHW = reader.frameset_NCTHW(range(reader.num_framesets))

    assert framesets_NCTHW.shape == (2, 3, 9, 96, 96)
    assert framesets_NCTHW[0].count_nonzero() > 0


def test_one_frame_is_a_frameset(make_clip: MakeClip) -> None:
    reader = VideoReader(make_clip("64x64", 1), WINDOW_64)

    [(index, start, frameset_CTHW)] = reader.framesets()

    assert (index, start) == (0, 0.0)
    assert [bool(frameset_CTHW[:, t].any()) for t in range(9)] == [False] * 4 + [True] + [False] * 4


@pytest.mark.slow
def test_rotated_video_is_read_upright(
    make_clip: MakeClip, ffmpeg: Callable[..., None], tmp_path: Path
) -> None:
    rotated = tmp_path / "rotated.mp4"
    ffmpeg("-display_rotation", "90", "-i", str(make_clip("160x120", 9)), "-c", "copy", str(rotated))

    reader = VideoReader(rotated, WINDOW_64)

    assert (reader.width, reader.height) == (120, 160)


def bad_files(folder: Path, make_clip: MakeClip, ffmpeg: Callable[..., None]) -> dict[str, Path]:
    whole = make_clip("160x120", 14).read_bytes()
    files = {name: folder / f"{name}.mp4" for name in ("missing", "empty", "text", "truncated", "audio")}
    files["empty"].touch()
    files["text"].write_text("this is not a video\n" * 50)
    files["truncated"].write_bytes(whole[: len(whole) // 2])
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", str(files["audio"]))
    return {**files, "folder": folder}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("missing", "no such file"),
        ("empty", r"is empty \(0 bytes\)"),
        ("text", "not a video"),
        ("truncated", "not a video, or damaged|truncated"),
        ("audio", "holds no video stream"),
        ("folder", "is a directory, not a video"),
    ],
)
def test_bad_files_are_named_with_the_reason(
    kind: str, reason: str, make_clip: MakeClip, ffmpeg: Callable[..., None], tmp_path: Path
) -> None:
    path = bad_files(tmp_path, make_clip, ffmpeg)[kind]

    with pytest.raises(UnreadableVideo, match=reason) as error:
        VideoReader(path)

    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_a_video_damaged_in_the_middle_is_named(
    make_clip: MakeClip, ffmpeg: Callable[..., None], tmp_path: Path
) -> None:
    fragmented = tmp_path / "fragmented.mp4"
    ffmpeg("-i", str(make_clip("160x120", 60)), "-c", "copy", "-movflags", "faststart", str(fragmented))
    whole = fragmented.read_bytes()
    fragmented.write_bytes(whole[: len(whole) * 2 // 3])

    with pytest.raises(
        UnreadableVideo,
        match=r"fragmented\.mp4: breaks off at frame \d+ \(not a video, or damaged beyond reading\)",
    ):
        list(VideoReader(fragmented, WINDOW_64).framesets())


def test_a_minibatch_lies_as_decoded_and_keeps_no_whole_picture(make_clip: MakeClip) -> None:
    reader = VideoReader(make_clip("640x560", 9))

    framesets_NCTHW = reader.frameset_NCTHW([0])

    assert framesets_NCTHW.permute(0, 2, 3, 4, 1).is_contiguous()
    assert framesets_NCTHW.untyped_storage().nbytes() == 3 * 9 * 512 * 512
