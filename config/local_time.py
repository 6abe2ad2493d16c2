"""Times as the clock of the person who reads them says: their browser names its zone in a cookie.

A page written before the browser could say so, and what calls the API, gets the server's (TIME_ZONE).
"""

from collections.abc import Callable
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

COOKIE = "timezone"  # static/js/zone.js writes it


def middleware(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    def local_time(request: HttpRequest) -> HttpResponseBase:
        with timezone.override(_zone(request.COOKIES.get(COOKIE, ""))):
            return get_response(request)

    return local_time


def _zone(name: str) -> ZoneInfo | None:
    """Return the zone of that name; None, the server's, where a browser says something else."""
    return ZoneInfo(name) if name in _names() else None


@cache
def _names() -> frozenset[str]:
    """Return the zones that this machine knows. Looked up by name alone, "../x" would be a file."""
    return frozenset(available_timezones())
