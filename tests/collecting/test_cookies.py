from pathlib import Path

import pytest

from labeling.collecting.cookies import read_cookies
from labeling.collecting.errors import CookiesInvalid

SIGNED_IN = "#HttpOnly_.x.com\tTRUE\t/\tTRUE\t4102444800\tauth_token\tabc"


def _file(folder: Path, *lines: str) -> str:
    path = folder / "cookies.txt"
    path.write_text("\n".join(["# Netscape HTTP Cookie File", *lines]) + "\n")
    return str(path)


def test_only_cookies_of_x_are_passed_on(tmp_path: Path) -> None:
    others = ".example.com\tTRUE\t/\tTRUE\t0\ta\tb", "notx.com\tTRUE\t/\tTRUE\t0\ta\tb"
    file = _file(tmp_path, SIGNED_IN, *others, "api.x.com\tFALSE\t/\tTRUE\t0\tct0\t1")

    cookies = read_cookies(file)

    assert cookies.splitlines()[1:] == [SIGNED_IN, "api.x.com\tFALSE\t/\tTRUE\t0\tct0\t1"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[{}]", "holds no auth_token of x.com in Netscape's format"),
        (SIGNED_IN.replace("abc", ""), "holds no auth_token"),
        (SIGNED_IN.replace(".x.com", ".twitter.com"), "holds no auth_token"),
        (SIGNED_IN.replace("4102444800", "1000000000"), "the cookies have expired"),
    ],
)
def test_cookies_that_sign_nobody_in_are_refused(tmp_path: Path, line: str, reason: str) -> None:
    file = _file(tmp_path, line)

    with pytest.raises(CookiesInvalid, match=f"X_COOKIES_FILE {file}.*{reason}.*Sign in to X again"):
        read_cookies(file)


def test_file_that_is_missing_is_named() -> None:
    with pytest.raises(CookiesInvalid, match=r"X_COOKIES_FILE missing\.txt cannot be read: No such file"):
        read_cookies("missing.txt")


def test_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "cookies.txt").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(CookiesInvalid, match="cannot be read: it is no text"):
        read_cookies(str(tmp_path / "cookies.txt"))
