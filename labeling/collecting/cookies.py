"""The cookies of a signed-in X account: X's alone are passed on, and bad ones are told at once."""

import time
from pathlib import Path

from labeling.collecting.errors import CookiesInvalid

HEADER = "# Netscape HTTP Cookie File\n"
NUM_FIELDS = 7


def read_cookies(file: str) -> str:
    """Return the cookies of x.com in `file`, in Netscape's format.

    Raises:
        CookiesInvalid: The file cannot be read, or holds no cookie that signs in to x.com today.
    """
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is no text"
        raise CookiesInvalid(f"X_COOKIES_FILE {file} cannot be read: {reason}.") from exc
    cookies = [fields for line in text.splitlines() if _is_of_x(fields := line.split("\t"))]
    _check_signed_in(file, cookies)
    return HEADER + "".join("\t".join(fields) + "\n" for fields in cookies)


def _is_of_x(fields: list[str]) -> bool:
    domain = fields[0].removeprefix("#HttpOnly_").lstrip(".")
    return len(fields) == NUM_FIELDS and (domain == "x.com" or domain.endswith(".x.com"))


def _check_signed_in(file: str, cookies: list[list[str]]) -> None:
    ends = [fields[4] for fields in cookies if fields[5] == "auth_token" and fields[6]]
    if not ends:
        raise CookiesInvalid(f"X_COOKIES_FILE {file} holds no auth_token of x.com in Netscape's format.")
    if all(end.isdecimal() and 0 < int(end) < time.time() for end in ends):
        raise CookiesInvalid(f"X_COOKIES_FILE {file}: the cookies have expired.")
