import pytest

from labeling.collecting.unreachable import in_words

NO_NAME = (
    "HTTPSConnectionPool(host='api.x.com', port=443): Max retries exceeded with url: /1 (Caused by "
    "NameResolutionError(\"HTTPSConnection(host='api.x.com', port=443): Failed to resolve 'api.x.com' "
    '([Errno -2] Name or service not known)"))'
)
REFUSED = (
    "HTTPSConnectionPool(host='x.com', port=443): Max retries exceeded with url: /1 (Caused by "
    "{}NewConnectionError(\"HTTPSConnection(host='10.0.0.1', port=9): Failed to establish a new connection: "
    '[Errno 111] Connection refused"))'
)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (NO_NAME, "the name api.x.com was not found. This machine has no network, no DNS"),
        ("[Errno -3] Temporary failure in name resolution", "the name X was not found."),
        (REFUSED.format(""), "x.com refuses the connection"),
        (REFUSED.format("ProxyError('Unable to connect to proxy', "), "the proxy named by X_PROXY"),
        ("[Errno 101] Network is unreachable", "there is no way from this machine to X"),
        ("HTTPSConnectionPool(host='x.com', port=443): Read timed out.", "x.com did not answer in time"),
        ("('Connection aborted.', RemoteDisconnected('closed'))", "the connection to X broke off"),
    ],
)
def test_connection_error_is_told_in_words(told: str, words: str) -> None:
    assert in_words(told).startswith(words)


def test_unknown_error_keeps_its_first_line() -> None:
    assert in_words("Something new.\nand more") == "Something new"
