"""From whatever a person pastes to the id of a post. Nothing is fetched."""

import re
from urllib.parse import SplitResult, urlsplit

from django.utils.formats import number_format

from labeling.collecting.errors import NotAPostLink

MAX_LENGTH = 2000
X_SITES = {"x.com", "twitter.com"}
MIRRORS = {"fxtwitter.com", "vxtwitter.com", "fixupx.com", "fixvx.com"}
"""Sites that show a post under its own path on their host, so that chats embed it."""

SUBDOMAINS = re.compile(r"^(?:www|m|mobile|d|g)\.")
BARE_ID = re.compile(r"[0-9]{8,19}")
POST_PATH = re.compile(r"/(?:[^/]+/|i/web/)?status(?:es)?/0*([1-9][0-9]{0,18})(?:/|$)", re.IGNORECASE)
OLD_VIDEO_PATH = re.compile(r"/i/(?:videos(?:/tweet)?|cards/tfw/v1)/0*([1-9][0-9]{0,18})(?:/|$)")
MAX_ID = 2**63 - 1

INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u202a\u202c\u2066\u2069"
AROUND = "<>\"'“”‘’()[]{},;.!"
"""What clings to a link that was copied out of a sentence."""


def canonical_url(x_id: str) -> str:
    """Return the one address under which a post is stored, fetched and shown."""
    return f"https://x.com/i/status/{x_id}"


def canonical_post_id(text: str) -> str:
    """Return the id of the post that `text` links to, in any of the forms people paste.

    Raises:
        NotAPostLink: `text` is no link to a post; the message says what it is instead.
    """
    link = text.strip().strip(INVISIBLE).strip().strip(AROUND)
    if not link:
        raise NotAPostLink("The line is empty.")
    if len(link) > MAX_LENGTH:
        raise NotAPostLink(
            f"The line is {number_format(len(link))} characters long, longer than any link to a post."
        )
    if BARE_ID.fullmatch(link):
        return _checked_id(link.lstrip("0"))
    return _post_id(_split(link))


def _split(link: str) -> SplitResult:
    scheme = re.match(r"([a-z][a-z0-9+.-]*):(?![0-9]+(?:/|$))", link, re.IGNORECASE)
    if scheme and scheme[1].lower() not in ("http", "https"):
        raise NotAPostLink(f"“{_short(link)}” is a {scheme[1].lower()}: link, not a link to a post.")
    if re.search(r"[\s\\]", link):
        raise NotAPostLink(f"“{_short(link)}” is no link: it holds a space or a backslash.")
    whole = link if scheme else f"https://{link.removeprefix('//')}"
    try:
        return urlsplit(whole.replace("/#!/", "/", 1))
    except ValueError as exc:
        raise NotAPostLink(f"“{_short(link)}” is no link.") from exc


def _post_id(parts: SplitResult) -> str:
    host = SUBDOMAINS.sub("", (parts.hostname or "").rstrip("."))
    _check_site(host, parts)
    found = POST_PATH.match(parts.path) or OLD_VIDEO_PATH.match(parts.path)
    if found:
        return _checked_id(found[1])
    if re.match(r"/i/(broadcasts|spaces)/", parts.path):
        raise NotAPostLink(f"“{_short(parts.geturl())}” is a live broadcast or a Space, not a post.")
    raise NotAPostLink(f"“{_short(parts.geturl())}” is a page of X, but not a post.")


def _check_site(host: str, parts: SplitResult) -> None:
    if "." not in host:
        raise NotAPostLink(f"“{_short(parts.geturl().removeprefix('https://'))}” is no link.")
    if host == "t.co":
        raise NotAPostLink("A t.co link hides where it leads: open it and paste the address of the post.")
    if host not in X_SITES | MIRRORS or parts.username is not None:
        raise NotAPostLink(f"“{_short(parts.netloc)}” is not X.")


def _checked_id(x_id: str) -> str:
    if not x_id or int(x_id) > MAX_ID:
        raise NotAPostLink(f"{x_id or 0} is no id of a post: ids are 1 to {MAX_ID}.")
    return x_id


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
