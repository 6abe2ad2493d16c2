"""The page that describes the API, under our policy: nothing from elsewhere, nothing inline."""

import json
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.browser.axe import violations
from tests.browser.conftest import Picture, be

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PATHS = {
    "/api/queue/claim",
    "/api/claims/{claim}/heartbeat",
    "/api/claims/{claim}/release",
    "/api/videos/{video_id}/annotations",
    "/api/videos/{video_id}/predictions",
    "/api/posts",
    "/api/posts/{post_id}",
    "/api/models",
    "/api/batches",
    "/api/batches/{slug}/manifest",
    "/api/batches/{slug}/withdrawn",
    "/api/batches/{slug}/files",
}


def test_docs_are_drawn_under_the_policy(site: str, page: Page) -> None:
    page.goto(f"{site}/api/docs")

    expect(page.get_by_role("heading", name="CakeLens")).to_be_visible()
    page.get_by_text("/api/queue/claim").click()
    expect(page.get_by_text("Take the best free video")).to_be_visible()


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", [1440, 390])
def test_docs_are_accessible_in_our_colours(
    site: str, page: Page, picture: Picture, theme: str, width: int
) -> None:
    page.context.add_cookies([{"name": "theme", "value": theme, "url": site}])
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site}/api/docs")

    page.get_by_text("/api/videos/{video_id}/annotations").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Schemas").click()

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture(page, f"api-{theme}-{width}")


def test_request_of_somebody_logged_in_is_tried_with_the_token(site: str, page: Page) -> None:
    be(page, site, factories.make_user("ana"))
    page.goto(f"{site}/api/docs")

    page.get_by_text("/api/queue/claim").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()

    expect(page.locator(".live-responses-table .response-col_status").last).to_contain_text("204")


def test_description_names_every_path(site: str) -> None:
    with urllib.request.urlopen(f"{site}/api/openapi.json") as response:
        described = json.load(response)

    assert set(described["paths"]) == PATHS
