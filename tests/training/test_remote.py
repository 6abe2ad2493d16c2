"""Another machine's server that answers oddly: each time one error in words."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from training.batches import fetching, places
from training.batches.fetching import FetchError
from training.batches.manifest import write_manifest
from training.batches.remote import Server
from training.batches.rows import ManifestRow
from training.batches.sources import Wanted, Web

WANTED = Wanted("ab" * 32, "videos/a.mp4", 3)
NO_LISTS = [b"", b"{", b"\xff", b"null", b"[]", b"{}", b"[" * 100_000]


class Replies:
    """What the server says to each question, by the last word of its address."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.missing_bytes = 0
        """By so many an answer is shorter than its header says."""
        self.url = ""


@pytest.fixture
def replies() -> Iterator[Replies]:
    replies = Replies()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = replies.bodies[self.path.rpartition("/")[2]]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body) + replies.missing_bytes))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        replies.url = f"http://127.0.0.1:{running.server_port}/api/batches/v5.0"
        yield replies
        running.shutdown()
        thread.join()


@pytest.fixture
def server(replies: Replies) -> Server:
    return Server(f"{replies.url}/manifest", "token")


@pytest.mark.parametrize("body", [*NO_LISTS, b'{"videos": null}', b'{"videos": "a"}', b'{"videos": [1]}'])
def test_list_of_withdrawn_videos_that_is_none_is_said(replies: Replies, server: Server, body: bytes) -> None:
    replies.bodies["withdrawn"] = body

    with pytest.raises(FetchError, match=r"v5\.0/withdrawn does not answer as CakeLens does\. Check"):
        server.withdrawn()


FILES = [
    {"files": None},
    {"files": "ab"},
    {"files": ["ab"]},
    {"files": [{"sha256": WANTED.sha256}]},
    {"files": [{"sha256": WANTED.sha256, "url": 7}]},
    {"files": [{"sha256": None, "url": "http://a/"}]},
    {"files": [{"sha256": [], "url": "http://a/"}]},
]


@pytest.mark.parametrize("body", [*NO_LISTS, *(json.dumps(answer).encode() for answer in FILES)])
def test_addresses_that_are_none_end_the_fetching(
    replies: Replies, server: Server, body: bytes, tmp_path: Path
) -> None:
    replies.bodies["files"] = body
    source = Web(server.address_of, connections=1)

    with pytest.raises(FetchError, match=r"v5\.0/files does not answer as CakeLens does\. Check"):
        list(fetching.fetch([WANTED], source, tmp_path, jobs=1, stop=threading.Event()))


@pytest.mark.parametrize("url", ["", "nowhere", "/videos/a", "ftp://127.0.0.1/a", "http://", "http://[a"])
def test_address_that_is_none_is_that_files_problem(
    replies: Replies, server: Server, url: str, tmp_path: Path
) -> None:
    replies.bodies["files"] = json.dumps({"files": [{"sha256": WANTED.sha256, "url": url}]}).encode()
    source = Web(server.address_of, connections=1)

    [fetched] = fetching.fetch([WANTED], source, tmp_path, jobs=1, stop=threading.Event())

    assert fetched.problem == f"the server gives an address that is none, {url!r}"


def test_manifest_that_breaks_off_is_said_and_nothing_stands(
    replies: Replies, server: Server, tmp_path: Path
) -> None:
    replies.bodies["manifest"] = b"PAR1"
    replies.missing_bytes = 10

    with pytest.raises(FetchError, match=r"manifest broke off: Connection [^']*\. Run it again\."):
        server.save_manifest(tmp_path / "m.parquet")

    assert list(tmp_path.iterdir()) == []


def test_page_instead_of_a_manifest_is_said_with_its_address(replies: Replies, tmp_path: Path) -> None:
    replies.bodies = {"manifest": b"<html>Please log in", "withdrawn": b'{"videos": []}'}

    with pytest.raises(FetchError, match=r"^http.*/v5\.0/manifest: is no Parquet file"):
        places.from_url(f"{replies.url}/manifest", "", tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_batch_that_is_called_incoming_stays(
    replies: Replies, tmp_path: Path, make_row: Callable[..., ManifestRow]
) -> None:
    """No batch gets that name now; one of an older server may have it."""
    sent = tmp_path / "sent.parquet"
    write_manifest([make_row(1)], sent, slug="incoming", filters={}, created_at="")
    replies.bodies = {"manifest": sent.read_bytes(), "withdrawn": b'{"videos": []}'}

    place = places.from_url(f"{replies.url}/manifest", "", tmp_path)

    assert place.manifest_path == tmp_path / "incoming.parquet"
    assert place.manifest_path.read_bytes() == sent.read_bytes()


@pytest.mark.parametrize("token", ["clk_a\n", "clk_a\r\nHost: b", "clk_\u00e9", "clk_\u2026"])
def test_token_that_is_none_is_said_without_it(token: str) -> None:
    with pytest.raises(FetchError, match=r"--token holds a line break or a letter that no token") as caught:
        Server("http://127.0.0.1:1/api/batches/v5.0/manifest", token)

    assert "clk_" not in str(caught.value)
