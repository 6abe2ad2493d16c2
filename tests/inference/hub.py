"""A stand-in for the Hugging Face Hub on loopback: what its client asks to publish and to download."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "hf_of-a-writer"


@dataclass
class Hub:
    """What the stand-in holds: files of repositories, and uploads no commit shows yet."""

    url: str = ""
    repos: dict[str, dict[str, bytes]] = field(default_factory=dict)
    uploads: dict[str, bytes] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)
    private: set[str] = field(default_factory=set)
    refuses_uploads: bool = False


@contextmanager
def running() -> Iterator[Hub]:
    """Serve an empty Hub until the block ends."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self._body()
        if self.path == "/api/validate-yaml":
            return self._json({"errors": [], "warnings": []})
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._json({"error": "Invalid username or password."}, 401)
        if self.path == "/api/repos/create":
            return self._create(json.loads(body))
        if found := re.fullmatch(r"/api/models/(.+)/preupload/main", self.path):
            return self._json({"files": [_mode(file["path"]) for file in json.loads(body)["files"]]})
        if self.path.endswith(".git/info/lfs/objects/batch"):
            return self._offer(json.loads(body)["objects"])
        if found := re.fullmatch(r"/api/models/(.+)/commit/main", self.path):
            return self._commit(found[1], [json.loads(line) for line in body.splitlines()])
        return self._json({"error": "not found"}, 404)

    def do_PUT(self) -> None:
        body = self._body()
        if self.hub.refuses_uploads:
            return self._json({"error": "quota exceeded"}, 413)
        self.hub.uploads[hashlib.sha256(body).hexdigest()] = body
        return self._json({})

    def do_HEAD(self) -> None:
        self._file()

    def do_GET(self) -> None:
        self._file()

    def _create(self, asked: dict[str, Any]) -> None:
        repo = f"{asked['organization']}/{asked['name']}"
        self.hub.repos.setdefault(repo, {})
        if asked.get("visibility") == "private":
            self.hub.private.add(repo)
        self._json({"url": f"{self.hub.url}/{repo}", "name": repo, "id": repo})

    def _offer(self, objects: list[dict[str, Any]]) -> None:
        offers = [
            {**asked, "actions": {"upload": {"href": f"{self.hub.url}/lfs/{asked['oid']}"}}}
            for asked in objects
        ]
        self._json({"transfer": "basic", "objects": offers})

    def _commit(self, repo: str, lines: list[dict[str, Any]]) -> None:
        files = self.hub.repos[repo]
        for line in lines:
            value = line["value"]
            if line["key"] == "header":
                self.hub.commits.append(value["summary"])
            elif line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.uploads[value["oid"]]
        sha = f"{len(self.hub.commits):040x}"
        self._json({"commitUrl": f"{self.hub.url}/{repo}/commit/{sha}", "commitOid": sha, "success": True})

    def _file(self) -> None:
        found = re.fullmatch(r"/([^/]+/[^/]+)/resolve/main/(.+)", self.path)
        content = self.hub.repos.get(found[1], {}).get(found[2]) if found else None
        if content is None:
            self._json({"error": "Entry not found"}, 404)
            return
        etag = hashlib.sha256(content).hexdigest()
        self.send_response(200)
        self.send_header("ETag", f'"{etag}"')
        self.send_header("X-Repo-Commit", f"{len(self.hub.commits):040x}")
        self._send(content)

    def _json(self, values: dict[str, Any], status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self._send(json.dumps(values).encode())

    def _send(self, content: bytes) -> None:
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def _mode(path: str) -> dict[str, Any]:
    mode = "lfs" if path.endswith(".safetensors") else "regular"
    return {"path": path, "uploadMode": mode, "shouldIgnore": False}
