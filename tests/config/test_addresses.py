"""Addresses with a NUL, which PostgreSQL takes in no text, lead nowhere."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.factories import make_superuser

pytestmark = pytest.mark.django_db


def routes(resolver: Any, before: str = "") -> Iterator[str]:
    for part in resolver.url_patterns:
        route = before + str(part.pattern)
        if isinstance(part, URLResolver):
            yield from routes(part, route)
        elif isinstance(part, URLPattern):
            yield route


def with_a_nul() -> list[str]:
    """Return an address for each page that is called by a text."""
    found = []
    for route in routes(get_resolver()):
        if "<" in route and "(" not in route and not route.startswith(("admin/", "^")):
            parts = [_filled(part) for part in route.split("/")]
            found.append("/" + "/".join(parts))
    return [address for address in found if "%00" in address]


def _filled(part: str) -> str:
    if "<int:" in part:
        return "1"
    if "<uuid:" in part:
        return "0" * 8 + "-0000-4000-8000-" + "0" * 12
    return "v5.0%00" if "<" in part else part


@pytest.mark.parametrize("address", with_a_nul())
def test_address_with_a_nul_is_not_found(client: Client, address: str) -> None:
    client.force_login(make_superuser())

    assert client.get(address).status_code == client.post(address).status_code == 404


def test_there_are_pages_called_by_a_text() -> None:
    assert {"/models/v5.0%00/", "/batches/v5.0%00/", "/api/batches/v5.0%00/manifest"} <= set(with_a_nul())
