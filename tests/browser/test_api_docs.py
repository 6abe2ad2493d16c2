"""The page that describes the API, under our policy: nothing from elsewhere, nothing inline."""

import json
import urllib.request

import pytest
from playwright.sync_api import Page, expect

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


def test_description_names_every_path(site: str) -> None:
    with urllib.request.urlopen(f"{site}/api/openapi.json") as response:
        described = json.load(response)

    assert set(described["paths"]) == PATHS
