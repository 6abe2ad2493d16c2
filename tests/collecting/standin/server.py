"""The stand-in's front: CONNECT, TLS, HTTP, byte ranges, and all that can go wrong with them."""

import hashlib
import re
import ssl
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import trustme

from tests.collecting.standin.faults import Fault

if TYPE_CHECKING:
    from tests.collecting.standin.site import Site

WELL = Fault()
WRONG_SOCKET = (ConnectionError, TimeoutError, ssl.SSLError)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    fault: Fault = WELL
    is_file: bool = False


class Server(ThreadingHTTPServer):
    """Listens on a free port of 127.0.0.1 and opens no connection of its own."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, site: "Site", folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.site = site
        self.connected: list[str] = []
        self.plain: list[str] = []
        self.stop_stalling = threading.Event()
        self._ca = trustme.CA()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self.ca_file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.ca_file))

    def context_for(self, host: str) -> ssl.SSLContext:
        with self._lock:
            if host not in self._contexts:
                self._contexts[host] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._ca.issue_cert(host).configure_cert(self._contexts[host])
            return self._contexts[host]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that leaves in the middle is what many tests are about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server
    host = ""

    def do_CONNECT(self) -> None:
        host, _, port = self.path.rpartition(":")
        self.server.connected.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        self.connection = self.server.context_for(host).wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb")
        self.host = host if port == "443" else self.path
        self.close_connection = False  # whatever version of HTTP the CONNECT was in

    def finish(self) -> None:
        try:
            super().finish()
        except WRONG_SOCKET:
            pass
        finally:
            self.connection.close()

    def do_GET(self) -> None:
        self._read_body()
        if not self.host:
            self.server.plain.append(self.path)
            self._send(Answer(200, b"an internal secret", "text/plain"))
            return
        self._send(self.server.site.answer(self.command, self.host, self.path, dict(self.headers)))

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass

    def _read_body(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _send(self, answer: Answer) -> None:
        status, body = answer.status, answer.body
        headers = [("Content-Type", answer.content_type), *answer.headers]
        if answer.is_file:
            status, body, headers = self._part(answer, headers)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if answer.fault.has_length:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.close_connection = True
        self.end_headers()
        self._send_body(body, answer.fault)

    def _part(
        self, answer: Answer, headers: list[tuple[str, str]]
    ) -> tuple[int, bytes, list[tuple[str, str]]]:
        """Return the part of a file that was asked for, or all of it if the file has changed since."""
        etag = f'"{hashlib.sha256(answer.body).hexdigest()[:16]}"'
        headers = [*headers, ("ETag", etag)] if answer.fault.has_etag else headers
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        is_same = self.headers.get("If-Range") in (None, etag)
        if not (asked and is_same and answer.fault.has_ranges):
            return answer.status, answer.body, headers
        total, start = len(answer.body), int(asked[1])
        if start >= total:
            return 416, b"", [*headers, ("Content-Range", f"bytes */{total}")]
        found = ("Content-Range", f"bytes {start}-{total - 1}/{total}")
        return 206, answer.body[start:], [*headers, found]

    def _send_body(self, body: bytes, fault: Fault) -> None:
        share = fault.cut_at if fault.cut_at is not None else fault.stall_at
        sent = body if share is None else body[: int(len(body) * share)]
        if fault.is_trickle:
            self._trickle(sent)
        self.wfile.write(sent)
        self.wfile.flush()
        if share is not None:
            self.close_connection = True
        if fault.stall_at is not None:
            self.server.stop_stalling.wait(30)

    def _trickle(self, body: bytes) -> None:
        for byte in body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.server.stop_stalling.wait(0.02):
                return
