"""The admin under our policy: nothing from elsewhere, nothing inline."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from labeling.models import SiteSettings
from tests.browser.axe import unreadable
from tests.browser.conftest import PASSWORD, Picture, be, log_in
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


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize(
    "path",
    ["", "labeling/video/", "labeling/sitesettings/1/change/", "auth/user/add/", "auth/user/{user}/change/"],
)
def test_admin_can_be_read_in_our_colours(
    site: str, page: Page, picture: Picture, scheme: Literal["dark", "light"], path: str
) -> None:
    user = make_superuser()
    be(page, site, user)
    make_video(num_slots=0)
    SiteSettings.current()
    page.emulate_media(color_scheme=scheme)

    page.goto(f"{site}/admin/{path.format(user=user.pk)}")

    assert unreadable(page) == []
    name = path.format(user="one").strip("/").replace("/", "-") or "index"
    picture(page, f"admin-{scheme}-{name}")


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_calendar_of_the_admin_can_be_read(
    site: str, page: Page, picture: Picture, scheme: Literal["dark", "light"]
) -> None:
    user = make_superuser()
    be(page, site, user)
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{site}/admin/auth/user/{user.pk}/change/")

    page.get_by_role("link", name="Choose a Date").first.click()

    assert unreadable(page) == []
    picture(page, f"admin-{scheme}-calendar")
