import io
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from labeling.collecting.errors import NotAVideo
from labeling.collecting.probe import Probe, make_poster, probe
from tests.collecting.standin.clips import ffmpeg, make_clip

pytestmark = pytest.mark.slow  # FFmpeg makes the clips


def test_probe_of_an_mp4_says_what_is_in_it(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", size="64x48", seconds=2, rate=10, sound=True)

    found = probe(clip)

    assert found == Probe(
        width=64,
        height=48,
        fps=10.0,
        codec="h264",
        bit_rate_bps=found.bit_rate_bps,
        num_frames=20,
        duration_seconds=2.0,
        has_audio=True,
        rotation=0,
        container="mov,mp4,m4a,3gp,3g2,mj2",
    )


def test_probe_counts_the_bit_rate_from_the_packets(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", picture="nullsrc", filters="geq=random(1)*255:128:128")

    found = probe(clip)

    whole_file_bps = clip.stat().st_size * 8 / found.duration_seconds
    assert 0.8 * whole_file_bps < found.bit_rate_bps < whole_file_bps


def test_probe_of_a_webm_names_codec_and_container(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.webm", options=("-c:v", "libvpx-vp9", "-cpu-used", "8"))

    found = probe(clip)

    assert (found.codec, found.container, found.num_frames) == ("vp9", "matroska,webm", 10)


def test_probe_of_a_turned_phone_video_gives_the_size_as_shown(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", size="64x48")
    ffmpeg("-display_rotation", "-90", "-i", clip, "-c", "copy", tmp_path / "turned.mp4")

    found = probe(tmp_path / "turned.mp4")

    assert (found.width, found.height, found.rotation) == (48, 64, 90)


def test_probe_leaves_out_what_an_edit_list_cuts_off(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=2, rate=10)
    ffmpeg("-ss", "0.5", "-i", clip, "-c", "copy", tmp_path / "cut.mp4")

    found = probe(tmp_path / "cut.mp4")

    assert (found.num_frames, found.duration_seconds) == (15, 1.5)


@pytest.mark.parametrize("ending", ["mp4", "webm"])
def test_probe_refuses_a_file_that_is_cut_off(tmp_path: Path, ending: str) -> None:
    fast = ("-movflags", "+faststart") if ending == "mp4" else ("-c:v", "libvpx-vp9", "-cpu-used", "8")
    clip = make_clip(tmp_path / f"clip.{ending}", seconds=4, options=(*fast, "-g", "10"))
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])

    with pytest.raises(NotAVideo, match=rf"clip\.{ending} is cut off: [\d.]+ of (40|4\.0)"):
        probe(clip)


def test_probe_refuses_a_file_without_its_index(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", options=())
    data = clip.read_bytes()
    clip.write_bytes(data[: data.index(b"moov")])  # it comes last

    with pytest.raises(NotAVideo, match=r"clip\.mp4 cannot be read as a video: Invalid data"):
        probe(clip)


def test_probe_refuses_frames_that_do_not_decode(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", options=("-c:v", "libx264"))
    data = bytearray(clip.read_bytes())
    start, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    data[start:end] = bytes(end - start)
    clip.write_bytes(data)

    with pytest.raises(NotAVideo, match=r"clip\.mp4"):
        probe(clip)


def test_probe_refuses_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").touch()

    with pytest.raises(NotAVideo, match=r"clip\.mp4 is empty"):
        probe(tmp_path / "clip.mp4")


def test_probe_refuses_a_text_file(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_text("no video\n" * 200)

    with pytest.raises(NotAVideo, match=r"clip\.mp4 .*convert it to MP4"):
        probe(tmp_path / "clip.mp4")


def test_probe_opens_no_other_file_for_a_playlist(tmp_path: Path) -> None:
    make_clip(tmp_path / "secret.ts")
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{tmp_path}/secret.ts\n#EXT-X-ENDLIST\n"
    (tmp_path / "list.m3u8").write_text(playlist)

    with pytest.raises(NotAVideo, match=r"list\.m3u8 is no MP4, MOV, MKV or WebM file"):
        probe(tmp_path / "list.m3u8")


def test_probe_refuses_sound_alone(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", tmp_path / "clip.mp4")

    with pytest.raises(NotAVideo, match=r"clip\.mp4 has no video stream"):
        probe(tmp_path / "clip.mp4")


def test_probe_takes_a_colon_in_a_name_for_no_protocol(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4").rename(tmp_path / "concat:a|b.mp4")

    found = probe(clip)

    assert found.num_frames == 10


def _open(poster: bytes) -> Image.Image:
    return Image.open(io.BytesIO(poster))


def test_poster_is_at_most_640_pixels_wide(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", size="1280x720", seconds=0.3)

    poster = _open(make_poster(clip))

    assert (poster.format, poster.size) == ("JPEG", (640, 360))


def test_poster_skips_a_black_beginning(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=3, filters="fade=in:st=1:d=0.5")

    poster = _open(make_poster(clip))

    assert ImageStat.Stat(poster.convert("L")).mean[0] > 60


def test_poster_of_a_black_clip_is_made_all_the_same(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", picture="color=black")

    poster = _open(make_poster(clip))

    assert poster.size == (64, 48)


def test_poster_is_turned_as_a_player_turns_the_clip(tmp_path: Path) -> None:
    blue_below = "drawbox=y=24:h=24:color=blue:t=fill"
    clip = make_clip(tmp_path / "clip.mp4", picture="color=red", filters=blue_below)
    ffmpeg("-display_rotation", "-90", "-i", clip, "-c", "copy", tmp_path / "turned.mp4")

    poster = _open(make_poster(tmp_path / "turned.mp4")).convert("RGB")

    right_half = ImageStat.Stat(poster.crop((28, 0, 48, 64))).mean
    assert poster.size == (48, 64)
    assert right_half[0] > 200 > 60 > right_half[2]  # a quarter clockwise: what was above is on the right


def test_poster_of_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(zlib.compress(b"nothing" * 1000))

    with pytest.raises(NotAVideo, match=r"clip\.mp4"):
        make_poster(tmp_path / "clip.mp4")
