import pytest

from labeling.collecting.errors import NotAVideo
from labeling.collecting.hls import Segment, read_playlist

BASE = "https://video.twimg.com/a/list.m3u8"
END = "#EXT-X-ENDLIST\n"


def test_playlist_names_its_beginning_and_its_segments() -> None:
    text = f'#EXTM3U\n#EXT-X-MAP:URI="/b/init.mp4"\n#EXTINF:1,\n1.m4s\n#EXTINF:1,\n\n/b/2.m4s?x=1\n{END}'

    segments = list(read_playlist(text, BASE))

    assert segments == [
        Segment("https://video.twimg.com/b/init.mp4"),
        Segment("https://video.twimg.com/a/1.m4s"),
        Segment("https://video.twimg.com/b/2.m4s?x=1"),
    ]


def test_byte_ranges_follow_on_each_other() -> None:
    ranges = "#EXTINF:1,\n#EXT-X-BYTERANGE:10@5\na.ts\n#EXTINF:1,\n#EXT-X-BYTERANGE:20\na.ts\n"
    text = f'#EXTM3U\n#EXT-X-MAP:URI="a.ts",BYTERANGE="5@0"\n{ranges}{END}'

    segments = list(read_playlist(text, BASE))

    assert [(s.start, s.num_bytes) for s in segments] == [(0, 5), (5, 10), (15, 20)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<html>", "is no playlist of a video"),
        (f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlist.m3u8\n{END}", "is no playlist of a video"),
        ("#EXTM3U\n#EXTINF:1,\na.ts\n", "is a live stream"),
        (f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXTINF:1,\na.ts\n{END}', "is encrypted"),
    ],
)
def test_playlist_of_something_else_is_refused(text: str, reason: str) -> None:
    with pytest.raises(NotAVideo, match=reason):
        list(read_playlist(text, BASE))


def test_playlist_that_names_no_key_is_open() -> None:
    text = f"#EXTM3U\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:1,\na.ts\n{END}"

    segments = list(read_playlist(text, BASE))

    assert len(segments) == 1
