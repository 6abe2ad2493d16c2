"""How X is reached. Built in one place from Django's settings; everything below takes it as an argument."""

import re
from dataclasses import dataclass

RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?)i?b?(?:/s)?", re.IGNORECASE)
UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


@dataclass(frozen=True, slots=True)
class XSettings:
    """Times in seconds; empty text means "not set".

    `proxy` is a proxy's URL (without one the environment's proxies apply), `ca_file` a PEM bundle trusted
    beside the system's, `cookies_file` cookies of x.com in Netscape format. A download reads at most
    `bytes_per_second` and is begun at most `tries` times, `pause` apart.
    """

    proxy: str = ""
    ca_file: str = ""
    cookies_file: str = ""
    bytes_per_second: int | None = None
    socket_timeout: float = 20
    tries: int = 3
    pause: float = 2


def x_settings() -> XSettings:
    """Read Django's settings.

    Raises:
        ValueError: X_RATE_LIMIT is no number of bytes.
    """
    from django.conf import settings

    return XSettings(
        proxy=settings.X_PROXY,
        ca_file=settings.X_CA_FILE,
        cookies_file=settings.X_COOKIES_FILE,
        bytes_per_second=parse_rate(settings.X_RATE_LIMIT),
    )


def parse_rate(text: str) -> int | None:
    """Return the bytes per second that `text` means ("500K", "2M", "1048576"); None if it is empty.

    Raises:
        ValueError: `text` is neither.
    """
    if not text.strip():
        return None
    found = RATE.fullmatch(text.strip())
    bytes_per_second = int(float(found[1]) * UNITS[found[2].lower()]) if found else 0
    if bytes_per_second < 1:
        raise ValueError(f"X_RATE_LIMIT must be bytes per second like 500K or 2M, got {text!r}.")
    return bytes_per_second
