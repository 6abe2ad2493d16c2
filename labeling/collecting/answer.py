"""An open answer of X's media hosts, read piece by piece."""

from typing import TYPE_CHECKING, Any

import urllib3

from labeling.collecting.errors import NetworkError, Truncated

if TYPE_CHECKING:
    from collections.abc import Mapping


class Media:
    """One answer, whatever its status; leaving the block closes it."""

    def __init__(self, response: Any) -> None:
        self._response = response
        self.status: int = response.status
        self.headers: Mapping[str, str] = response.headers
        self.url: str = response.url

    def __enter__(self) -> "Media":
        return self

    def __exit__(self, *_: object) -> None:
        self._response.close()

    def read(self, num_bytes: int) -> bytes:
        """Return what has arrived, `num_bytes` at most, or nothing at the end of the body.

        `read1`, because `read` waits for the last byte: a trickle would outlast every deadline.

        Raises:
            Truncated: The connection was closed before the end.
            NetworkError: Nothing came in time, or the connection broke.
        """
        try:
            return bytes(self._response.fp.read1(num_bytes, decode_content=True))
        except urllib3.exceptions.ProtocolError as exc:
            raise Truncated(f"{self.url[:200]} was cut off: the connection was closed early.") from exc
        except urllib3.exceptions.HTTPError as exc:
            raise NetworkError(f"{self.url[:200]} stalled: {exc}.") from exc
