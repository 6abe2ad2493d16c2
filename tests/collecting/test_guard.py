import pytest

from labeling.collecting.errors import BlockedHost
from labeling.collecting.guard import X_HOSTS, check_url


@pytest.mark.parametrize("host", sorted(X_HOSTS))
def test_hosts_of_x_pass(host: str) -> None:
    check_url(f"https://{host}/path?query")


@pytest.mark.parametrize(
    "url", ["https://x.com", "https://X.COM:443/i/status/1", "HTTPS://video.twimg.com/a.mp4#x"]
)
def test_case_and_the_standard_port_do_not_matter(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://x.com/",
        "https://x.com:8443/",
        "https://user@x.com/",
        "https://x.com@169.254.169.254/",
        "https://x.com\\@169.254.169.254/",
        "https://x.com.example.com/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://localhost/",
        "https://video.twimg.com\t.example.com/",
        "https://xn--x-.com/",
        "ftp://x.com/",
        "file:///etc/passwd",
        "//x.com/",
        "",
    ],
)
def test_everything_else_is_blocked(url: str) -> None:
    with pytest.raises(BlockedHost, match="is not one of X's own"):
        check_url(url)
