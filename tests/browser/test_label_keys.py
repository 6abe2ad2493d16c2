"""Keys of one's own, the skip menu's keys, and the help that shows them."""

import pytest
from playwright.sync_api import Page, expect

from labeling.models import Annotation, LabelDefinition, Preferences
from tests import factories
from tests.browser.axe import violations
from tests.browser.conftest import Picture, Stock, be
from tests.browser.screen import begin, go_on, is_on, press

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_changed_key_does_what_it_says_and_is_printed(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)
    page.goto(f"{site}/keys/")

    page.get_by_label("VEO").focus()
    press(page, "F8")
    press(page, ";")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your keys are saved.")).to_be_visible()
    page.goto(f"{site}/label/")
    expect(page.locator(".transport")).to_be_visible()
    press(page, "7")
    assert not is_on(page, "VEO")
    press(page, ";")

    assert is_on(page, "VEO")
    expect(page.get_by_role("button", name="VEO", exact=True).locator(".cap")).to_have_text(";")
    press(page, "?")
    expect(page.locator("#help dt").filter(has_text="VEO")).to_contain_text(";")


def test_collision_is_refused_and_said(page: Page, site: str, stock: Stock) -> None:
    be(page, site, factories.make_user("ana"))
    page.goto(f"{site}/keys/")

    page.get_by_label("VEO").fill("k")
    form = page.locator("#key-sheet")
    reply = page.request.post(
        f"{site}/keys/",
        form=form.evaluate("form => Object.fromEntries(new FormData(form))"),
        headers={"Referer": f"{site}/keys/"},
    )

    assert reply.status == 422
    assert "K does “VEO”, too." in reply.text()
    assert not Preferences.objects.exists()


def test_all_keys_go_back(page: Page, site: str) -> None:
    ana = factories.make_user("ana")
    Preferences.objects.create(user=ana, keymap={"VEO": ";"})
    be(page, site, ana)
    page.goto(f"{site}/keys/")

    page.get_by_role("button", name="Put every key back").click()
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Your keys are saved.")).to_be_visible()
    assert Preferences.objects.get().keymap == {}


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_keys_page_is_accessible(page: Page, site: str, theme: str, picture: Picture) -> None:
    be(page, site, factories.make_user("ana"))
    page.context.add_cookies([{"name": "theme", "value": theme, "url": site}])
    page.goto(f"{site}/keys/")

    assert violations(page) == []
    picture(page, f"keys-{theme}")


def test_destination_of_a_skip_is_chosen_before_the_reason(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)

    press(page, "k", "w")
    assert violations(page) == []
    go_on(page, "1")

    answer = Annotation.objects.get()
    assert (answer.skip_reason, answer.skipped_to) == ("cannot_tell", "later")


def test_skip_goes_where_its_reason_says(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)

    press(page, "k")
    expect(page.get_by_role("button", name="Unavailable")).to_contain_text("out of the queue")
    go_on(page, "2")

    assert Annotation.objects.get().skipped_to == "out"


def test_new_labeler_is_led_to_the_meanings(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)

    page.get_by_role("button", name="See what each label means").click()
    expect(page.get_by_role("dialog", name="Keys and labels")).to_be_visible()
    press(page, "?")
    go_on(page, "n", "Enter")

    expect(page.get_by_role("button", name="Go back to not AI")).to_be_visible()
    expect(page.get_by_text("See what each label means")).to_be_hidden()


def test_help_shows_example_clips(page: Page, site: str, stock: Stock) -> None:
    videos = stock(2)
    LabelDefinition.objects.create(label="VEO", text="Flow counts too.").examples.add(videos[1])
    begin(page, site)

    press(page, "?")

    example = page.get_by_role("link", name="Example 1 of VEO")
    expect(example).to_be_visible()
    assert example.get_attribute("href") == videos[1].get_absolute_url()
    assert violations(page) == []
