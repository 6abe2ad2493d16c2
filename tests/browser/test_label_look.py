"""How the labeling screen looks: axe finds nothing wrong, and pictures are kept."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from labeling.models import Slot, Video
from tests import factories
from tests.browser.axe import violations
from tests.browser.conftest import PASSWORD, Picture, Stock, be, let_rest, log_in, suggest
from tests.browser.screen import SCORES, begin, press

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", [1440, 390])
def test_screen_is_accessible(page: Page, site: str, stock: Stock, theme: str, width: int) -> None:
    suggest(factories.make_model("v5.1"), stock(2)[0], SCORES, AI_GEN=0.87, VEO=0.72, SORA=0.31)
    page.context.add_cookies([{"name": "theme", "value": theme, "url": site}])
    page.set_viewport_size({"width": width, "height": 900})
    begin(page, site)
    press(page, "Enter", "a", "z", "5")

    assert violations(page) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("path", ["/login/", "/label/", "/", "/nowhere/", "/account/password/"])
def test_other_pages_are_accessible(browser: Browser, site: str, theme: str, path: str) -> None:
    context = browser.new_context()
    context.add_cookies([{"name": "theme", "value": theme, "url": site}])
    page = context.new_page()
    be(page, site, factories.make_user("ana"))

    page.goto(f"{site}{path}")

    assert violations(page) == []
    context.close()


def test_times_are_those_of_the_browsers_clock(browser: Browser, site: str) -> None:
    until = datetime(2099, 7, 14, 14, 20, tzinfo=UTC)
    held = factories.hold(factories.make_video().slots.get(), factories.make_user("ben"))
    Slot.objects.filter(pk=held.pk).update(lease_until=until)
    context = browser.new_context(timezone_id="Asia/Tokyo", locale="de-DE")
    page = context.new_page()
    page.goto(f"{site}/login/")
    be(page, site, factories.make_user("ana"))

    page.goto(f"{site}/label/")

    expect(page.locator(".holders b")).to_contain_text("23:20")
    let_rest(page)
    context.close()


def test_help_is_accessible(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)

    press(page, "?")

    assert violations(page) == []


def test_menu_opens_within_a_phone(page: Page, site: str) -> None:
    be(page, site, factories.make_user("ana"))
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site}/batches/")

    page.locator(".menu > summary").click()

    left, right = page.locator(".menu-body").evaluate(
        "body => [body.getBoundingClientRect().left, body.getBoundingClientRect().right]"
    )
    assert 0 <= left < right <= 390


@pytest.mark.parametrize("width", [1440, 390])
def test_change_of_password_fits_the_screen(page: Page, site: str, width: int) -> None:
    be(page, site, factories.make_user("ana"))
    page.set_viewport_size({"width": width, "height": 844})

    page.goto(f"{site}/account/password/")

    expect(page.get_by_text("Enter the same password as before")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_admin_keeps_the_policy(page: Page, site: str) -> None:
    be(page, site, factories.make_superuser())

    page.goto(f"{site}/admin/auth/user/add/")

    expect(page.get_by_role("heading", name="Add user")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "theme", "size", "keys"),
    [
        ("label", "dark", (1440, 900), ["y", "x"]),
        ("label-light", "light", (1440, 900), ["y", "x"]),
        ("label-phone", "dark", (390, 844), ["y", "x"]),
        ("label-aims", "light", (1440, 900), ["1", "z", "b", "Shift+B"]),
    ],
)
def test_picture_of_the_screen(
    page: Page,
    site: str,
    real_stock: Stock,
    picture: Picture,
    name: str,
    theme: str,
    size: tuple[int, int],
    keys: list[str],
) -> None:
    videos = real_stock(9)
    history(videos[:6])
    scene = videos[6]
    suggest(factories.make_model("v5.1"), scene, SCORES, AI_GEN=0.87, VEO=0.72, SORA=0.31)
    page.context.add_cookies([{"name": "theme", "value": theme, "url": site}])
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(reduced_motion="reduce")  # no colour half-way
    log_in(page, site, "ana")
    press(page, "Space", "p", *keys)
    expect(page.locator(".stage .clip")).to_have_js_property("seeking", False)

    picture(page, name)

    assert page.locator("body").evaluate("body => body.scrollWidth") <= size[0]


def history(videos: list[Video]) -> None:
    """Let Ana have judged these clips already."""
    ana = factories.make_user("ana", password=PASSWORD)
    for place, video in enumerate(videos):
        outcome = "skipped" if place == 3 else "labeled"
        fields = {} if outcome == "skipped" else {"ai_gen": place % 3 != 1}
        factories.make_annotation(video, ana, outcome, **fields)
        Slot.objects.filter(video=video).update(state="done", labeler=ana)
