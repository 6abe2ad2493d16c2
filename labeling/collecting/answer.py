"""An open answer of X's media hosts, read piece by piece."""

import time
from typing import TYPE_CHECKING, Any

import urllib3

from labeling.collecting.errors import NetworkError, Transient, Truncated

if TYPE_CHECKING:
    from collections.abc import Mapping

PATIENCE_SECONDS = 0.5


class Media:
    """One answer, whatever its status; leaving the block closes it."""

    def __init__(self, response: Any) -> None:
        self._response = response
        self.status: int = response.status
        self.headers: Mapping[str, str] = response.headers
        self.url: str = response.url
        self._failure: Transient | None = None

    def __enter__(self) -> "Media":
        return self

    def __exit__(self, *_: object) -> None:
        self._response.close()

    def read(self, num_bytes: int) -> bytes:
        """Return `num_bytes`, or what arrived within half a second or so; nothing at the end of the body.

        Not `read` of the response: that waits for the last byte, so a trickle would outlast every deadline.

        Raises:
            Truncated: The connection was closed before the end.
            NetworkError: Nothing came in time, or the connection broke.
        """
        if self._failure:
            raise self._failure
        pieces, left = [], num_bytes
        until = time.monotonic() + PATIENCE_SECONDS
        while left > 0 and time.monotonic() < until and (piece := self._read_some(left)):
            pieces.append(piece)
            left -= len(piece)
        if self._failure and not pieces:
            raise self._failure
        return b"".join(pieces)  # an error that came behind them is raised by the next call

    def _read_some(self, num_bytes: int) -> bytes:
        try:
            return bytes(self._response.fp.read1(num_bytes, decode_content=True))
        except urllib3.exceptions.ProtocolError as exc:
            self._failure = Truncated(f"{self.url[:200]} was cut off: the connection was closed early.")
            self._failure.__cause__ = exc
        except urllib3.exceptions.HTTPError as exc:
            self._failure = NetworkError(f"{self.url[:200]} stalled: {exc}.")
            self._failure.__cause__ = exc
        return b""
