"""The stand-in's inside: the posts and files there are, and which address answers what."""

import json
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.collecting.standin.faults import Fault, Faults
from tests.collecting.standin.server import Answer
from tests.collecting.standin.statuses import syndication_of

Json = dict[str, Any]
GRAPHQL_404 = Answer(404, b"", "text/plain")


@dataclass
class Site:
    """What X knows. `members` are answers that only a signed-in account gets."""

    posts: dict[str, Json] = field(default_factory=dict)
    members: dict[str, Json] = field(default_factory=dict)
    files: dict[str, tuple[Path | bytes, str]] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    requests: list[str] = field(default_factory=list)
    query_id: str | None = None
    auth_token: str = "signed-in"
    _bytes: dict[Path, bytes] = field(default_factory=dict)

    def answer(self, method: str, host: str, target: str, headers: dict[str, str]) -> Answer:
        """Answer one request that came through TLS."""
        url = f"https://{host}{target}"
        self.requests.append(f"{method} {url}")
        parts = urlsplit(url)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        match host, parts.path:
            case "api.x.com", "/1.1/guest/activate.json":
                return self._faulty("guest") or _json({"guest_token": "1857"})
            case "x.com", path if path.endswith("/TweetResultByRestId"):
                return self._graphql(path, json.loads(query["variables"])["tweetId"], headers)
            case "cdn.syndication.twimg.com", "/tweet-result":
                return self._syndication(query["id"])
        return self._file(url)

    def _graphql(self, path: str, x_id: str, headers: dict[str, str]) -> Answer:
        if self.query_id and self.query_id not in path:
            return GRAPHQL_404
        is_member = "auth_token=" in headers.get("Cookie", "")
        if is_member and f"auth_token={self.auth_token}" not in headers["Cookie"]:
            errors = [{"code": 32, "message": "Could not authenticate you."}]
            return Answer(401, json.dumps({"errors": errors}).encode())
        result = (self.members if is_member else {}).get(x_id) or self.posts.get(x_id) or {}
        found = {"tweetResult": {"result": result} if result else {}}
        return self._faulty(("graphql", x_id)) or _json({"data": found})

    def _syndication(self, x_id: str) -> Answer:
        status = syndication_of(self.posts.get(x_id) or {})
        default = _json(status) if status else Answer(404, b"", "text/html")
        return self._faulty(("syndication", x_id)) or default

    def _file(self, url: str) -> Answer:
        fault = self.faults.take(url) or Fault()
        if fault.status:
            return _answer(fault)
        if url not in self.files:
            return Answer(404, b"not found", "text/plain")
        content, content_type = self.files[url]
        body = content if isinstance(content, bytes) else self._read(content)
        return Answer(200, body, content_type, tuple(fault.headers.items()), fault, is_file=True)

    def _read(self, path: Path) -> bytes:
        if path not in self._bytes:
            self._bytes[path] = path.read_bytes()
        return self._bytes[path]

    def _faulty(self, key: Hashable) -> Answer | None:
        fault = self.faults.take(key)
        return _answer(fault) if fault else None


def _answer(fault: Fault) -> Answer:
    return Answer(fault.status, fault.body, fault.content_type, tuple(fault.headers.items()), fault)


def _json(value: object) -> Answer:
    return Answer(200, json.dumps(value).encode())
