"""What stands between this machine and X, told in words instead of a library's own."""

import re

WORDS = (
    (r"ProxyError|to proxy|through proxy", "the proxy named by X_PROXY does not let it through"),
    (
        r"resolve|name or service not known|name resolution|nodename nor servname|getaddrinfo",
        "the name {host} was not found. This machine has no network, no DNS, or needs X_PROXY to get out",
    ),
    (r"connection refused", "{host} refuses the connection"),
    (r"network is unreachable|no route to host", "there is no way from this machine to {host}"),
    (r"timed out|timeout", "{host} did not answer in time"),
    (r"connection reset|connection aborted|disconnected|broken pipe", "the connection to {host} broke off"),
)
"""In this order: a proxy that is not found is a proxy's failure first."""

HOST = re.compile(
    r"resolve '([^']+)'|host='([^']+)'|https?://([^/\s:]+)|\b((?:[a-z0-9-]+\.)+(?:com|net|org))\b"
)


def in_words(told: str) -> str:
    """Return what a connection's error means, without a full stop; its first line if it is unknown."""
    found = HOST.search(told)
    host = next(filter(None, found.groups())) if found else "X"
    words = next((words for pattern, words in WORDS if re.search(pattern, told, re.IGNORECASE)), None)
    return words.format(host=host) if words else told.splitlines()[0][:300].rstrip(".")
