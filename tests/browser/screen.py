"""Hands on the labeling screen, for tests in a real browser."""

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests import factories
from tests.browser.conftest import PASSWORD, be

if TYPE_CHECKING:
    from playwright.sync_api import Page

SCORES = [0.31, 0.42, 0.77, 0.86, 0.93, 0.71, 0.48, 0.62]


def begin(page: "Page", site: str, username: str = "ana") -> None:
    """Be a new labeler, logged in, with the first clip on the stage."""
    be(page, site, factories.make_user(username, password=PASSWORD))
    page.goto(f"{site}/label/")
    expect(page.locator(".transport")).to_be_visible()


def press(page: "Page", *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def claim_of(page: "Page") -> str:
    return str(page.locator("#screen").get_attribute("data-claim"))


def go_on(page: "Page", *keys: str) -> None:
    """Press `keys` at a clip and wait until another, or none, is on the stage, and all is saved."""
    expect(page.locator("#screen")).to_have_attribute(
        "data-claim", re.compile(".")
    )  # it may still be on its way
    before = claim_of(page)
    press(page, *keys)
    expect(page.locator("#screen")).not_to_have_attribute("data-claim", before)
    expect(page.locator("#saved")).to_have_text("saved")


def is_on(page: "Page", name: str) -> bool:
    button = page.get_by_role("button", name=name, exact=True)
    return button.get_attribute("aria-pressed") == "true"


def clip_time(page: "Page") -> float:
    return float(page.locator(".stage .clip").evaluate("clip => clip.currentTime"))
