"""The house's own fixtures: real servers, a real browser, real clips."""

from collections.abc import Callable
from pathlib import Path

import av
import pytest
import redis
from playwright.sync_api import Page

from tests.clips import make_clip


def test_clip_is_h264_of_the_size_and_length_asked_for(clip: Callable[..., Path]) -> None:
    path = clip(num_frames=10, width=80, height=64, fps=10)

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert (stream.width, stream.height, stream.frames) == (80, 64, 10)
        assert stream.average_rate == 10


def test_clip_differs_by_seed_only(clip: Callable[..., Path], tmp_path: Path) -> None:
    again = make_clip(tmp_path / "again.mp4", seed=1)

    assert clip(seed=1).read_bytes() == again.read_bytes()
    assert clip(seed=2).read_bytes() != again.read_bytes()


@pytest.mark.slow
def test_redis_is_real_and_empty(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        assert client.config_get("save") == {"save": ""}


@pytest.mark.slow
def test_chromium_plays_h264_and_goes_nowhere_else(page: Page, clip: Callable[..., Path]) -> None:
    page.goto("about:blank")

    assert page.evaluate("document.createElement('video').canPlayType('video/mp4; codecs=\"avc1.42E01E\"')")
    with pytest.raises(Exception, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://cakelens.example/")
