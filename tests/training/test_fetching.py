"""Fetching and verifying files, from folders and over HTTP that breaks."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from training.batches import fetching
from training.batches.fetching import Fetched, FetchError, Stopped, fetch, missing, verify
from training.batches.sources import Address, Folder, Source, Wanted, Web

CONTENT = bytes(range(256)) * 12_000  # three chunks


def wanted(content: bytes = CONTENT, name: str = "videos/a.mp4") -> Wanted:
    return Wanted(hashlib.sha256(content).hexdigest(), name, len(content))


def is_content(path: Path) -> bool:
    return path.read_bytes() == CONTENT  # compared here: pytest would print both


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PAUSE_SECONDS", 0)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    (tmp_path / "into").mkdir()
    return tmp_path / "into"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    path = tmp_path / "from" / "videos" / "a.mp4"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    return Folder(tmp_path / "from")


class Server:
    """A server whose next answers a test may spoil."""

    def __init__(self) -> None:
        self.content = CONTENT
        self.breaks: list[int] = []
        """After so many bytes the next answers end."""
        self.statuses: list[int] = []
        self.ranges: list[str | None] = []
        self.has_ranges = True
        self.keeps_open = False
        self.clients: set[int] = set()
        """Their ports: one for each connection."""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.clients.add(request.client_address[1])
        asked = request.headers.get("Range")
        self.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.has_ranges else 0
        if self.statuses:
            request.send_error(self.statuses.pop(0))
            return
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(self.content) - start))
        request.end_headers()
        content = self.content[start:]
        request.wfile.write(content[: self.breaks.pop(0)] if self.breaks else content)
        request.close_connection = not self.keeps_open


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def web(server: Server) -> Iterator[Web]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.answer(self)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{running.server_port}/"
        web = Web(lambda wanted: Address(url + wanted.name, {}), connections=2)
        yield web
        web.pool.clear()
        running.shutdown()
        thread.join()


def fetched(source: Source, into: Path, *files: Wanted, **options: Any) -> list[Fetched]:
    return list(fetch(files or [wanted()], source, into, jobs=2, stop=threading.Event(), **options))


def test_file_is_fetched_whole_and_no_part_is_left(folder: Folder, into: Path) -> None:
    counts: list[int] = []

    found = fetched(folder, into, on_bytes=counts.append)

    assert found == [Fetched(wanted())]
    assert is_content(into / "videos/a.mp4")
    assert [path.name for path in into.rglob("*") if path.is_file()] == ["a.mp4"]
    assert sum(counts) == len(CONTENT)


def test_what_is_there_is_not_missing(folder: Folder, into: Path) -> None:
    fetched(folder, into)
    other = wanted(b"other", "videos/b.mp4")

    assert missing([wanted(), other], into) == [other]


def test_file_of_another_size_is_fetched_again(folder: Folder, into: Path) -> None:
    (into / "videos").mkdir()
    (into / "videos/a.mp4").write_bytes(CONTENT[:10])

    assert missing([wanted()], into) == [wanted()]
    fetched(folder, into)

    assert is_content(into / "videos/a.mp4")


@pytest.mark.slow
def test_part_is_gone_on_with(server: Server, web: Web, into: Path) -> None:
    (into / "videos").mkdir()
    (into / "videos/a.mp4.part").write_bytes(CONTENT[:1000])

    found = fetched(web, into)

    assert found == [Fetched(wanted())]
    assert server.ranges == ["bytes=1000-"]
    assert is_content(into / "videos/a.mp4")


@pytest.mark.slow
def test_connection_that_breaks_is_gone_on_with(server: Server, web: Web, into: Path) -> None:
    server.breaks = [1_500_000]
    counts: list[int] = []

    found = fetched(web, into, on_bytes=counts.append)

    assert found == [Fetched(wanted())]
    assert server.ranges[0] is None
    assert server.ranges[1] is not None
    assert sum(counts) == len(CONTENT)


@pytest.mark.slow
def test_connection_that_was_read_to_its_end_is_used_again(server: Server, web: Web, into: Path) -> None:
    server.keeps_open = True
    files = [wanted(), wanted(name="videos/b.mp4")]

    list(fetch(files, web, into, jobs=1, stop=threading.Event()))

    assert len(server.ranges) == 2
    assert len(server.clients) == 1


@pytest.mark.slow
def test_server_without_ranges_sends_all_of_it_again(server: Server, web: Web, into: Path) -> None:
    server.has_ranges = False
    (into / "videos").mkdir()
    (into / "videos/a.mp4.part").write_bytes(b"x" * 1000)

    found = fetched(web, into)

    assert found == [Fetched(wanted())]
    assert is_content(into / "videos/a.mp4")


@pytest.mark.slow
def test_damaged_part_is_begun_anew(server: Server, web: Web, into: Path) -> None:
    (into / "videos").mkdir()
    (into / "videos/a.mp4.part").write_bytes(b"x" * 1000)

    assert fetched(web, into) == [Fetched(wanted())]
    assert server.ranges == ["bytes=1000-", None]


@pytest.mark.slow
def test_part_longer_than_the_file_is_begun_anew(web: Web, into: Path) -> None:
    (into / "videos").mkdir()
    (into / "videos/a.mp4.part").write_bytes(CONTENT + b"more")

    assert fetched(web, into) == [Fetched(wanted())]


@pytest.mark.slow
def test_altered_file_never_gets_its_name(server: Server, web: Web, into: Path) -> None:
    server.content = CONTENT[:-1] + b"x"

    [found] = fetched(web, into)

    assert "its sha256 differs" in found.problem
    assert not list(into.rglob("*.mp4*"))


@pytest.mark.slow
def test_busy_server_is_asked_again_and_a_missing_file_is_not(server: Server, web: Web, into: Path) -> None:
    server.statuses = [503, 404]

    [found] = fetched(web, into)

    assert found.problem == "the server answers 404"
    assert len(server.ranges) == 2


def test_server_that_is_not_there_is_said_in_words(into: Path) -> None:
    web = Web(lambda wanted: Address("http://127.0.0.1:1/a", {}), connections=1)

    [found] = fetched(web, into)

    assert "refused" in found.problem


def test_missing_file_does_not_hold_up_the_others(folder: Folder, into: Path) -> None:
    gone = wanted(b"gone", "videos/gone.mp4")

    found = fetched(folder, into, gone, wanted())

    assert {item.wanted.name: item.problem for item in found} == {
        "videos/gone.mp4": "missing",
        "videos/a.mp4": "",
    }


def test_asked_to_stop_it_keeps_what_came(folder: Folder, into: Path) -> None:
    stop = threading.Event()

    def on_bytes(count: int) -> None:
        if count:
            stop.set()

    with pytest.raises(Stopped):
        list(fetch([wanted()], folder, into, jobs=1, stop=stop, on_bytes=on_bytes))

    assert 0 < (into / "videos/a.mp4.part").stat().st_size < len(CONTENT)
    assert not (into / "videos/a.mp4").exists()


def test_full_disk_ends_it_with_one_error(folder: Folder, into: Path) -> None:
    (into / "videos").mkdir()
    # A real full disk: whatever is written there has no room.
    (into / "videos/a.mp4.part").symlink_to("/dev/full")

    with pytest.raises(FetchError, match=r"Cannot write to .*: No space left on device\. Free some room"):
        fetched(folder, into)


def test_too_little_room_is_said_before_anything_comes(into: Path) -> None:
    huge = Wanted("0" * 64, "videos/huge.mp4", 10**18)

    with pytest.raises(FetchError, match="lacks room"):
        fetching.check_room([huge], into)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda path: None, ""),
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.write_bytes(CONTENT[:7]), "has 7 bytes, not 3,072,000"),
        (lambda path: path.write_bytes(CONTENT[:-1] + b"x"), "altered: its sha256 differs"),
    ],
)
def test_verify_says_what_is_wrong(folder: Folder, spoil: Callable[[Path], object], problem: str) -> None:
    spoil(folder.root / "videos/a.mp4")

    found = list(verify([wanted()], folder, jobs=1, stop=threading.Event()))

    assert found == [Fetched(wanted(), problem)]


@pytest.mark.slow
def test_verify_takes_back_what_it_counted_when_a_connection_breaks(server: Server, web: Web) -> None:
    server.breaks = [1_500_000]
    counts: list[int] = []

    found = list(verify([wanted()], web, jobs=1, stop=threading.Event(), on_bytes=counts.append))

    assert found == [Fetched(wanted())]
    assert sum(counts) == len(CONTENT)


def test_verify_stops_when_asked(folder: Folder) -> None:
    stop = threading.Event()
    stop.set()

    with pytest.raises(Stopped):
        list(verify([wanted()], folder, jobs=1, stop=stop))
