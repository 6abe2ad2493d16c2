"""The one gate to the network: only X's own hosts, over TLS, at every redirect hop.

yt-dlp follows a redirect from X's media host to any address, an internal one too, and stores what it
finds there. The check is made on the text of the address, by a pattern of what is allowed, so that no
two parsers can disagree about its host.
"""

import re

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
