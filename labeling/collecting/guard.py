"""The one gate to the network: only X's own hosts, over TLS, at every redirect hop.

yt-dlp follows a redirect from X's media host to any address, an internal one too, and stores what it
finds there. The check is made on the text of the address, by a pattern of what is allowed, so that no
two parsers can disagree about its host.
"""

import re
from collections.abc import Callable
from typing import Any

from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter

from labeling.collecting.errors import BlockedHost

X_HOSTS = frozenset(
    {
        "x.com",
        "twitter.com",
        "api.x.com",
        "api.twitter.com",
        "cdn.syndication.twimg.com",
        "video.twimg.com",
        "pbs.twimg.com",
    }
)
MAX_REDIRECTS = 5
ALLOWED = re.compile(r"https://([a-z0-9.-]+)(?::443)?(?=[/?#]|$)", re.IGNORECASE)


def check_url(url: str) -> None:
    """Let an address of X pass.

    Raises:
        BlockedHost: `url` is not https on its standard port, carries a user name, or is not X's.
    """
    found = ALLOWED.match(url)
    if found is None or found[1].lower() not in X_HOSTS or re.search(r"[\x00-\x20\\]", url):
        raise BlockedHost(f"The address {url[:200]!r} is not one of X's own.")


def guard_session(session: Session, blocked: Callable[[BlockedHost], Exception]) -> Session:
    """Check each request of `session`, and so each hop of a redirect, before a connection is made.

    What is not let through raises `blocked(error)`.
    """
    adapter = _GuardedAdapter(session.get_adapter("https://x.com"), blocked)
    session.adapters.clear()
    session.mount("", adapter)
    session.max_redirects = MAX_REDIRECTS
    return session


class _GuardedAdapter(BaseAdapter):
    def __init__(self, inner: BaseAdapter, blocked: Callable[[BlockedHost], Exception]) -> None:
        super().__init__()
        self._inner = inner
        self._blocked = blocked

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        try:
            check_url(request.url or "")
        except BlockedHost as exc:
            raise self._blocked(exc) from exc
        return self._inner.send(request, *args, **kwargs)

    def close(self) -> None:
        self._inner.close()
