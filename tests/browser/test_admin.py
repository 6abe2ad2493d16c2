"""The admin under our policy: nothing from elsewhere, nothing inline."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, log_in
from tests.factories import make_superuser, make_video

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_admin_works_under_the_policy(site: str, page: Page) -> None:
    make_superuser("root", password=PASSWORD)
    video = make_video(num_slots=0)
    log_in(page, site, "root")

    page.goto(f"{site}/admin/labeling/video/")
    page.get_by_role("link", name=video.key, exact=True).click()
    page.get_by_label("Priority:").fill("5")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("was changed successfully")).to_be_visible()
