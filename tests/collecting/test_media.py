"""Downloads, end to end: unmodified yt-dlp's requests against the stand-in, certificates verified."""

import errno
import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from labeling.collecting import errors
from labeling.collecting.media import download
from labeling.collecting.parts import Downloaded, Part
from labeling.collecting.probe import probe
from tests.collecting.standin.x import Standin

PLENTY = 100_000_000
Fetch = Callable[..., Downloaded]


@pytest.fixture
def clip(standin: Standin) -> Path:
    """A video of 150 kB, many TLS records long."""
    return standin.clip("noisy", size="320x180", seconds=2, filters="noise=alls=40:allf=t")


@pytest.fixture
def url(standin: Standin, clip: Path) -> str:
    return standin.add_file(clip)


@pytest.fixture
def fetch(standin: Standin, tmp_path: Path) -> Fetch:
    def call(url: str, **more: Any) -> Downloaded:
        settings = standin.settings(
            **{key: more.pop(key) for key in ("socket_timeout", "tries") if key in more}
        )
        return download(url, tmp_path, settings=settings, **{"max_bytes": PLENTY, **more})

    return call


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_download_is_hashed_and_whole(fetch: Fetch, url: str, clip: Path) -> None:
    found = fetch(url)

    content = clip.read_bytes()
    assert found.path.read_bytes() == content
    assert (found.sha256, found.num_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert found.content_type == "video/mp4"


def test_download_leaves_nothing_but_the_file(fetch: Fetch, url: str, tmp_path: Path) -> None:
    found = fetch(url)

    assert _left(tmp_path) == [found.path.name]


def test_two_downloads_of_one_address_are_two_files(fetch: Fetch, url: str) -> None:
    first, second = fetch(url), fetch(url)

    assert first.path != second.path
    assert first.sha256 == second.sha256


def test_caller_is_told_of_the_beginning_and_the_end(fetch: Fetch, url: str, clip: Path) -> None:
    beats: list[tuple[int, int | None]] = []

    fetch(url, on_bytes=lambda num_bytes, total: beats.append((num_bytes, total)))

    total = clip.stat().st_size
    assert beats == [(0, total), (total, total)]


@pytest.mark.slow
def test_caller_is_told_before_another_try(standin: Standin, fetch: Fetch, url: str) -> None:
    standin.break_url(url, stall_at=0.5, times=2)
    beats: list[int] = []

    found = fetch(url, socket_timeout=0.1, on_bytes=lambda num_bytes, total: beats.append(num_bytes))

    # Each beginning, each silence, the end: a lease outlives them all.
    half = beats[1]
    assert beats == [0, half, half, beats[3], beats[3], found.num_bytes]


def test_what_the_caller_raises_passes_and_keeps_the_part(fetch: Fetch, url: str, tmp_path: Path) -> None:
    class Cancelled(Exception):
        pass

    def cancel(num_bytes: int, total: int | None) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        fetch(url, on_bytes=cancel)

    assert [Path(name).suffix for name in _left(tmp_path)] == [".part", ".validator"]


# --- resuming ---------------------------------------------------------------------------------------------


def test_truncated_once_is_resumed_where_it_stopped(
    standin: Standin, fetch: Fetch, url: str, clip: Path
) -> None:
    standin.break_url(url, cut_at=0.5, times=1)

    found = fetch(url)

    assert found.path.read_bytes() == clip.read_bytes()
    assert found.sha256 == hashlib.sha256(clip.read_bytes()).hexdigest()
    assert standin.num_requests(url) == 2


def test_truncated_always_is_worth_another_try(
    standin: Standin, fetch: Fetch, url: str, tmp_path: Path
) -> None:
    standin.break_url(url, cut_at=0.5)

    with pytest.raises(errors.Truncated, match="was cut off"):
        fetch(url, tries=2)

    assert standin.num_requests(url) == 2
    assert [Path(name).suffix for name in _left(tmp_path)] == [".part", ".validator"]


def test_next_call_goes_on_from_the_part(standin: Standin, fetch: Fetch, url: str, clip: Path) -> None:
    standin.break_url(url, cut_at=0.5, times=1)
    with pytest.raises(errors.Truncated):
        fetch(url, tries=1)
    beats: list[int] = []

    found = fetch(url, on_bytes=lambda num_bytes, total: beats.append(num_bytes))

    assert beats[0] == clip.stat().st_size // 2
    assert found.path.read_bytes() == clip.read_bytes()


def test_file_that_changed_meanwhile_begins_anew(standin: Standin, fetch: Fetch, url: str) -> None:
    standin.break_url(url, cut_at=0.5, times=1)
    with pytest.raises(errors.Truncated):
        fetch(url, tries=1)
    other = standin.clip("other", size="160x90")
    standin.serve(url, other)

    found = fetch(url)

    assert found.path.read_bytes() == other.read_bytes()


def test_part_without_a_validator_begins_anew(standin: Standin, fetch: Fetch, url: str, clip: Path) -> None:
    standin.break_url(url, cut_at=0.5, has_etag=False, times=1)

    found = fetch(url)

    assert found.path.read_bytes() == clip.read_bytes()


def test_damaged_part_without_a_validator_is_not_resumed(
    standin: Standin, fetch: Fetch, url: str, clip: Path, tmp_path: Path
) -> None:
    (tmp_path / f"{Part(tmp_path, url).name}.part").write_bytes(b"garbage" * 100)

    found = fetch(url)

    assert found.path.read_bytes() == clip.read_bytes()


def test_part_that_is_complete_is_finished(standin: Standin, fetch: Fetch, url: str, clip: Path) -> None:
    def stop_at_the_end(num_bytes: int, total: int | None) -> None:
        if num_bytes == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(url, on_bytes=stop_at_the_end)

    found = fetch(url)

    assert found.path.read_bytes() == clip.read_bytes()
    assert found.sha256 == hashlib.sha256(clip.read_bytes()).hexdigest()


def test_server_without_ranges_sends_it_all_again(
    standin: Standin, fetch: Fetch, url: str, clip: Path
) -> None:
    standin.break_url(url, cut_at=0.5, has_ranges=False, times=1)
    standin.break_url(url, has_ranges=False)

    found = fetch(url)

    assert found.path.read_bytes() == clip.read_bytes()


def test_body_without_a_length_is_read_to_its_end(
    standin: Standin, fetch: Fetch, url: str, clip: Path
) -> None:
    standin.break_url(url, has_length=False)
    beats: list[int | None] = []

    found = fetch(url, on_bytes=lambda num_bytes, total: beats.append(total))

    assert found.path.read_bytes() == clip.read_bytes()
    assert set(beats) == {None}


@pytest.mark.slow
def test_stalled_body_is_resumed(standin: Standin, fetch: Fetch, url: str, clip: Path) -> None:
    standin.break_url(url, stall_at=0.5, times=1)

    found = fetch(url, socket_timeout=0.2)

    assert found.path.read_bytes() == clip.read_bytes()


@pytest.mark.slow
def test_stalled_always_is_the_network_s_problem(standin: Standin, fetch: Fetch, url: str) -> None:
    standin.break_url(url, stall_at=0.5)

    # Long enough that a busy machine answers at all.
    with pytest.raises(errors.NetworkError, match="stalled"):
        fetch(url, socket_timeout=1, tries=2)


@pytest.mark.slow
def test_trickle_does_not_outlast_the_deadline(standin: Standin, fetch: Fetch, url: str) -> None:
    standin.break_url(url, is_trickle=True)

    with pytest.raises(errors.NetworkError, match=r"took longer than 0\.2 s"):
        fetch(url, deadline_seconds=0.2)


def test_download_that_another_holds_has_a_part_of_its_own(
    fetch: Fetch, url: str, clip: Path, tmp_path: Path
) -> None:
    with Part(tmp_path, url) as held:
        held.restart('"etag"')
        held.append(b"half of it")
        found = fetch(url)

    assert found.path.read_bytes() == clip.read_bytes()


# --- what is no use -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [403, 404, 410])
def test_file_that_x_refuses_is_gone(
    standin: Standin, fetch: Fetch, url: str, tmp_path: Path, status: int
) -> None:
    standin.break_url(url, status=status)

    with pytest.raises(errors.MediaGone, match=f"X answered {status} for {url}"):
        fetch(url)

    assert standin.num_requests(url) == 1
    assert _left(tmp_path) == []


def test_too_many_downloads_say_until_when(standin: Standin, fetch: Fetch, url: str) -> None:
    reset = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=7)
    standin.break_url(url, status=429, headers={"x-rate-limit-reset": str(int(reset.timestamp()))})

    with pytest.raises(errors.RateLimited, match="too many requests") as caught:
        fetch(url)

    assert caught.value.retry_at == reset
    assert standin.num_requests(url) == 1


def test_server_error_once_is_overcome(standin: Standin, fetch: Fetch, url: str, clip: Path) -> None:
    standin.break_url(url, status=503, times=1)

    found = fetch(url)

    assert found.num_bytes == clip.stat().st_size


def test_server_error_always_is_x_s_problem(standin: Standin, fetch: Fetch, url: str) -> None:
    standin.break_url(url, status=503)

    with pytest.raises(errors.ServerError, match="X answered 503"):
        fetch(url, tries=2)


def test_html_instead_of_a_video_is_refused_by_its_type(
    standin: Standin, fetch: Fetch, url: str, tmp_path: Path
) -> None:
    standin.break_url(url, status=200, body=b"<html>" * 100, content_type="text/html; charset=utf-8")

    with pytest.raises(errors.NotAVideo, match=f"X sent text/html instead of a video at {url}"):
        fetch(url)

    assert _left(tmp_path) == []


def test_html_that_is_called_a_video_is_refused_by_its_bytes(
    standin: Standin, fetch: Fetch, url: str, tmp_path: Path
) -> None:
    standin.break_url(url, status=200, body=b"<html>" * 100, content_type="video/mp4")

    with pytest.raises(errors.NotAVideo, match="begins with b'<html><html>', as no video does"):
        fetch(url)

    assert _left(tmp_path) == []


def test_empty_body_is_worth_another_try(standin: Standin, fetch: Fetch, url: str) -> None:
    standin.break_url(url, status=200, content_type="video/mp4")

    with pytest.raises(errors.Truncated, match="is empty"):
        fetch(url, tries=2)


def test_file_over_the_cap_is_refused_by_its_length(fetch: Fetch, url: str, tmp_path: Path) -> None:
    with pytest.raises(errors.TooLarge, match=r"larger than 1,000 bytes.*Raise MAX_VARIANT_BYTES"):
        fetch(url, max_bytes=1000)

    assert _left(tmp_path) == []


def test_file_over_the_cap_is_refused_while_it_streams(
    standin: Standin, fetch: Fetch, url: str, tmp_path: Path
) -> None:
    standin.break_url(url, has_length=False)

    with pytest.raises(errors.TooLarge):
        fetch(url, max_bytes=20_000)

    assert _left(tmp_path) == []


@pytest.mark.parametrize(
    "target", ["https://169.254.169.254/x", "http://video.twimg.com/x", "https://127.0.0.1/x"]
)
def test_redirect_to_another_host_is_blocked(standin: Standin, fetch: Fetch, url: str, target: str) -> None:
    standin.break_url(url, status=302, headers={"Location": target})

    with pytest.raises(errors.BlockedHost, match="is not one of X's own"):
        fetch(url)

    assert standin.hosts() <= {"video.twimg.com:443"}  # or none, if the connection is older than the test


def test_redirect_within_x_is_followed(standin: Standin, fetch: Fetch, url: str, clip: Path) -> None:
    moved = standin.add_file(b"")
    standin.break_url(moved, status=302, headers={"Location": url})

    found = fetch(moved)

    assert found.num_bytes == clip.stat().st_size


def test_redirect_without_end_is_gone(standin: Standin, fetch: Fetch, url: str) -> None:
    standin.break_url(url, status=302, headers={"Location": url})

    with pytest.raises(errors.MediaGone, match="X answered 302"):
        fetch(url)

    assert standin.num_requests(url) == 6


def test_address_elsewhere_is_blocked_before_any_request(standin: Standin, fetch: Fetch) -> None:
    with pytest.raises(errors.BlockedHost):
        fetch("https://user@video.twimg.com/a.mp4")

    assert standin.hosts() == set()


# --- the disk ---------------------------------------------------------------------------------------------


def test_full_disk_says_so_and_leaves_nothing(
    fetch: Fetch, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Part, chunk: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Part, "append", fail)

    with pytest.raises(errors.DiskFull, match=r"No space is left in .*Free some space under MEDIA_ROOT"):
        fetch(url)

    assert _left(tmp_path) == []


def test_other_failures_of_the_disk_are_not_called_full(
    fetch: Fetch, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Part, chunk: bytes) -> None:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(Part, "append", fail)

    with pytest.raises(PermissionError):
        fetch(url)


def test_rate_is_kept(
    standin: Standin, url: str, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("labeling.collecting.media.time.sleep", slept.append)
    settings = standin.settings(bytes_per_second=clip.stat().st_size // 10)

    download(url, tmp_path, settings=settings, max_bytes=PLENTY)

    assert 9 < max(slept) * len(slept) < 12  # ten seconds, in pieces of one: the lease is renewed between


# --- HLS --------------------------------------------------------------------------------------------------


def _hls_url(standin: Standin, segments: str) -> str:
    video = standin.add_hls_video(segments=segments)
    base = video["video_info"]["variants"][0]["url"].removesuffix("master.m3u8")
    return (
        f"{base}video/list.m3u8#audio={base}audio/list.m3u8"
        if segments == "fmp4"
        else f"{base}video/list.m3u8"
    )


@pytest.mark.slow
@pytest.mark.parametrize("segments", ["fmp4", "mpegts"])
def test_hls_is_joined_without_encoding_again(
    standin: Standin, fetch: Fetch, tmp_path: Path, segments: str
) -> None:
    url = _hls_url(standin, segments)

    found = fetch(url)

    facts = probe(found.path)
    assert (facts.width, facts.height, facts.num_frames, facts.codec) == (160, 90, 30, "h264")
    assert facts.has_audio
    assert found.sha256 == hashlib.sha256(found.path.read_bytes()).hexdigest()
    assert _left(tmp_path) == [found.path.name]


@pytest.mark.slow
def test_hls_gives_the_same_bytes_each_time(standin: Standin, fetch: Fetch) -> None:
    url = _hls_url(standin, "fmp4")

    first, second = fetch(url), fetch(url)

    assert first.sha256 == second.sha256


@pytest.mark.slow
def test_hls_segment_that_is_cut_once_is_fetched_again(standin: Standin, fetch: Fetch) -> None:
    url = _hls_url(standin, "mpegts")
    whole = fetch(url)
    standin.break_url(url.replace("list.m3u8", "list1.ts"), cut_at=0.5, times=1)

    found = fetch(url)

    assert found.sha256 == whole.sha256


@pytest.mark.slow
def test_hls_segment_that_is_gone_leaves_nothing(standin: Standin, fetch: Fetch, tmp_path: Path) -> None:
    url = _hls_url(standin, "mpegts")
    standin.break_url(url.replace("list.m3u8", "list1.ts"), status=404)

    with pytest.raises(errors.MediaGone, match=r"list1\.ts"):
        fetch(url)

    assert _left(tmp_path) == []


@pytest.mark.slow
def test_hls_keeps_the_cap_over_all_segments(standin: Standin, fetch: Fetch) -> None:
    url = _hls_url(standin, "mpegts")

    with pytest.raises(errors.TooLarge):
        fetch(url, max_bytes=20_000)


@pytest.mark.slow
def test_hls_segment_elsewhere_is_blocked(standin: Standin, fetch: Fetch) -> None:
    playlist = b"#EXTM3U\n#EXTINF:1,\nhttps://169.254.169.254/a.ts\n#EXT-X-ENDLIST\n"
    url = standin.serve(f"https://video.twimg.com/{standin.new_id()}.m3u8", playlist)

    with pytest.raises(errors.BlockedHost):
        fetch(url)


@pytest.mark.slow
def test_hls_of_no_video_is_refused(standin: Standin, fetch: Fetch, tmp_path: Path) -> None:
    segment = standin.add_file(b"no video" * 100, "video/mp2t")
    playlist = f"#EXTM3U\n#EXTINF:1,\n{segment}\n#EXT-X-ENDLIST\n".encode()
    url = standin.serve(f"https://video.twimg.com/{standin.new_id()}.m3u8", playlist)

    with pytest.raises(errors.NotAVideo, match="do not join"):
        fetch(url)

    assert _left(tmp_path) == []
