"""A batch at another machine's server: its manifest, what was withdrawn, and where its files are.

Speaks the API of `training/api.py` with a token. Loads no Django.
"""

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3

from training.batches import withdrawn
from training.batches.fetching import FetchError
from training.batches.sources import CHUNK, Address, NotThere, SourceError, Wanted, in_words
from training.files import written_durably

ASK_AT_ONCE = 500
"""Addresses asked for at a time: presigned ones run out, and each question costs a round trip."""


class Server:
    """The batch whose manifest `url` leads to: `https://…/api/batches/v5.0/manifest`.

    Raises:
        FetchError: The token is none.
    """

    def __init__(self, url: str, token: str) -> None:
        if not (token.isascii() and token.isprintable()):
            raise FetchError(
                "--token holds a line break or a letter that no token has. `manage.py token USER` prints one."
            )
        self.base = url.rstrip("/").removesuffix("/manifest")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._pool = urllib3.PoolManager(retries=urllib3.Retry(3))
        self._addresses: dict[str, str] = {}
        self._waiting: list[str] = []
        self._lock = threading.Lock()

    def save_manifest(self, path: Path) -> None:
        """Write the manifest to `path`, whole or not at all.

        Raises:
            FetchError: The server does not give it.
        """
        response = self._ask("GET", "manifest", preload_content=False)
        try:
            with written_durably(path) as temporary, temporary.open("wb") as file:
                for chunk in response.stream(CHUNK):
                    file.write(chunk)
        except urllib3.exceptions.HTTPError as exc:
            raise FetchError(f"{self.base}/manifest broke off: {in_words(exc)}. Run it again.") from exc

    def withdrawn(self) -> list[str]:
        """Return the keys of the batch's videos that were taken back.

        Raises:
            FetchError: The server does not answer, or not as it should.
        """
        try:
            return withdrawn.keys_of(self._json("GET", "withdrawn"))
        except ValueError as exc:
            raise FetchError(self._odd("withdrawn")) from exc

    def expect(self, files: Sequence[Wanted]) -> None:
        """Say which files will be asked for, and in which order: so many addresses come in one answer."""
        self._waiting = [wanted.sha256 for wanted in files]

    def address_of(self, wanted: Wanted) -> Address:
        """Return where a file is. The token goes along to this server only, not to a bucket.

        Raises:
            SourceError: The server gives no address.
            FetchError: It answers as no server of ours does.
        """
        with self._lock:
            url = self._addresses.pop(wanted.sha256, None) or self._look_up(wanted)
        is_ours = _site(url) == _site(self.base)
        return Address(url, self._headers if is_ours else {})

    def _look_up(self, wanted: Wanted) -> str:
        ahead = [sha256 for sha256 in self._waiting[:ASK_AT_ONCE] if sha256 != wanted.sha256]
        del self._waiting[:ASK_AT_ONCE]
        body = json.dumps({"sha256": [wanted.sha256, *ahead][:ASK_AT_ONCE]})
        try:
            self._addresses |= _addresses(self._json("POST", "files", body=body))
        except FetchError as exc:
            raise SourceError(str(exc)) from exc
        except ValueError as exc:
            # Not this file's problem alone: every other question would be answered so.
            raise FetchError(self._odd("files")) from exc
        if wanted.sha256 not in self._addresses:
            raise NotThere("the server does not have it")
        return self._addresses.pop(wanted.sha256)

    def _ask(self, method: str, what: str, **options: Any) -> urllib3.BaseHTTPResponse:
        url = f"{self.base}/{what}"
        headers = {**self._headers, "Content-Type": "application/json"}
        try:
            response = self._pool.request(method, url, headers=headers, timeout=60.0, **options)
        except urllib3.exceptions.HTTPError as exc:
            raise FetchError(f"{url}: {in_words(exc)}. Is the server up?") from exc
        if response.status != 200:
            raise FetchError(f"{url}: the server answers {response.status}. {_remedy(response.status)}")
        return response

    def _json(self, method: str, what: str, **options: Any) -> object:
        """Return what the server answers; a `ValueError` where that is no JSON."""
        response = self._ask(method, what, **options)
        try:
            return json.loads(response.data)
        except RecursionError as exc:
            raise ValueError("nested too deep") from exc

    def _odd(self, what: str) -> str:
        return f"{self.base}/{what} does not answer as CakeLens does. Check the address, and its version."


def _site(url: str) -> tuple[str, str]:
    """Return scheme and host.

    Raises:
        NotThere: It is no address that can be asked.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise NotThere(f"the server gives an address that is none, {url[:100]!r}")
    return parts.scheme, parts.netloc


def _addresses(answer: object) -> dict[str, str]:
    """Return the addresses in an answer, by hash; a `ValueError` where it is no such answer."""
    files = answer.get("files") if isinstance(answer, dict) else None
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        raise ValueError('files must be {"files": [{"sha256": …, "url": …}, …]}')
    pairs = [(file.get("sha256"), file.get("url")) for file in files]
    if not all(isinstance(text, str) for pair in pairs for text in pair):
        raise ValueError("sha256 and url must be texts")
    return dict(pairs)


def _remedy(status: int) -> str:
    if status in (401, 403):
        return "Give --token of somebody who may export batches; `manage.py token USER` prints one."
    return "Check the address: it ends with /api/batches/NAME/manifest." if status == 404 else "Try again."
