import runpy
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.house.tree import ROOT

FFMPEG = runpy.run_path(str(ROOT / "config" / "ffmpeg.py"))
link_libraries, asked_name = FFMPEG["link_libraries"], FFMPEG["_asked_name"]


def test_link_libraries_gives_the_names_torchcodec_asks_for(tmp_path: Path) -> None:
    folder = link_libraries(tmp_path / "ffmpeg")

    names = {link.name.partition(".")[0] for link in folder.iterdir() if "-" not in link.name}
    assert names == {"libavcodec", "libavdevice", "libavfilter", "libavformat", "libavutil"} | {
        "libswresample",
        "libswscale",
    }
    assert all(link.resolve().is_file() for link in folder.iterdir())


def test_link_libraries_replaces_links_of_an_older_wheel(tmp_path: Path) -> None:
    old = tmp_path / "libavcodec.so.62"
    old.symlink_to(tmp_path / "gone")

    link_libraries(tmp_path)

    assert old.resolve().is_file()


@pytest.mark.slow
def test_link_libraries_may_run_many_times_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(link_libraries, [tmp_path / "ffmpeg"] * 32))

    assert set(folders) == {tmp_path / "ffmpeg"}
    assert [link for link in folders[0].iterdir() if link.name.startswith(".") or not link.exists()] == []


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("libavcodec-5e6b81c2.so.62.28.102", "libavcodec.so.62"),
        ("libdrm-b0291a67.so.2.4.0", "libdrm-b0291a67.so.2.4.0"),
    ],
)
def test_only_ffmpeg_itself_gets_a_plain_name(name: str, asked: str) -> None:
    assert asked_name(name) == asked
