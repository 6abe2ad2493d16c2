"""Labeling by touch: no keyboard is spoken of, and every target is large enough for a finger."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests import factories
from tests.browser.conftest import Picture, Stock, let_rest, suggest
from tests.browser.screen import SCORES, begin

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.set_default_timeout(10_000)
    page = context.new_page()
    yield page
    let_rest(page)
    context.close()


def tap(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_role("button", name=name, exact=True).tap()


def is_in_sight(part: Locator) -> bool:
    """Whether the part stands between the clip and the bar of buttons, which both stay where they are."""
    return bool(
        part.evaluate(
            """part => {
              const [box, stage, bar] = [part, ...document.querySelectorAll(".stage, .actions-bar")]
                .map(each => each.getBoundingClientRect());
              return stage.bottom <= box.top && box.bottom <= bar.top;
            }"""
        )
    )


def test_refusal_speaks_of_no_key_and_is_in_sight(
    phone: Page, site: str, stock: Stock, picture: Picture
) -> None:
    stock(1)
    begin(phone, site)
    problem = phone.locator("#problem")

    tap(phone, "Next")
    expect(problem).to_have_text("AI_GEN is not judged yet: choose AI_GEN or not AI, then next.")
    assert is_in_sight(problem)
    tap(phone, "AI_GEN", "Next")

    expect(problem).to_have_text("How do you know? Choose a reason, then next.")
    assert is_in_sight(problem)
    assert is_in_sight(phone.get_by_role("group", name="Why"))
    picture(phone, "label-phone-refused")


def test_next_clip_begins_at_its_first_question(phone: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(phone, site)
    tap(phone, "AI_GEN", "artefacts")

    tap(phone, "Next")
    expect(phone.get_by_role("button", name="AI_GEN", exact=True)).to_have_attribute("aria-pressed", "false")

    assert is_in_sight(phone.get_by_role("button", name="AI_GEN", exact=True))


def test_generator_that_nothing_shows_is_refused_without_a_key(phone: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(phone, site)

    tap(phone, "AI_GEN", "KLING", "artefacts", "artefacts shows KLING", "Next")

    words = "Nothing shows KLING yet: let a reason show it, or take it off."
    expect(phone.locator("#problem")).to_have_text(words)
    assert is_in_sight(phone.locator("#problem"))


def test_notes_name_no_key(phone: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(phone, site)

    for name in ("Note", "Ask a reviewer"):
        field = phone.get_by_role("textbox", name=name)
        assert "(" not in (field.get_attribute("placeholder") or "")
    expect(phone.locator(".notes .cap")).to_have_count(2)
    for cap in phone.locator(".notes .cap").all():
        expect(cap).to_be_hidden()


SMALL = """() => [...document.querySelectorAll("main :is(button, a, input, textarea, select, summary)")]
  .filter(each => each.checkVisibility({ visibilityProperty: true }) && !each.matches("[type=hidden]"))
  .map(each => [each.getAttribute("aria-label") || each.textContent.trim(), each.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.width < 44 || box.height < 44))
  .map(([name, box]) => `${name}: ${Math.round(box.width)} × ${Math.round(box.height)}`)"""


def test_targets_are_large_enough_for_a_finger(
    phone: Page, site: str, stock: Stock, picture: Picture
) -> None:
    suggest(factories.make_model("v5.1"), stock(3)[0], SCORES, AI_GEN=0.87, VEO=0.72, SORA=0.31)
    begin(phone, site)

    assert phone.evaluate(SMALL) == []
    tap(phone, "AI_GEN", "VEO", "artefacts", "Next")
    expect(phone.get_by_role("button", name="Go back to")).to_be_visible()
    assert phone.evaluate(SMALL) == []
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    picture(phone, "label-phone-touch")
