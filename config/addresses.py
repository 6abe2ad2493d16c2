"""Addresses that nothing can have."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponseBase


def middleware(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Find nothing under an address with a NUL: PostgreSQL takes none in a text, and would fail."""

    def without_nul(request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path_info:
            raise Http404("No address holds a NUL.")
        return get_response(request)

    return without_nul
