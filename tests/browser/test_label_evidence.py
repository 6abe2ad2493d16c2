"""Which reason shows which label: by keyboard, by mouse, and kept through undo and reload."""

import pytest
from playwright.sync_api import Locator, Page, expect

from labeling.models import Annotation, Preferences
from tests import factories
from tests.browser.axe import violations
from tests.browser.conftest import Picture, Stock, be
from tests.browser.screen import begin, go_on, press

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def line(page: Page, word: str) -> Locator:
    return page.get_by_role("group", name=f"What “{word}” shows")


def chip(page: Page, word: str, generator: str) -> Locator:
    return page.get_by_role("button", name=f"{word} shows {generator}", exact=True)


def proof(page: Page, label: str) -> Locator:
    return page.get_by_role("button", name=label, exact=True).locator("[data-proof]").first


def evidence() -> dict[str, list[str]]:
    return {item.kind: item.labels for item in Annotation.objects.latest("pk").evidence.all()}


def test_one_reason_shows_everything_without_another_key(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)

    go_on(page, "7", "x", "Enter")

    assert evidence() == {"watermark": ["AI_GEN", "VEO"]}


def test_lines_stand_only_where_there_is_something_to_choose(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)

    press(page, "y", "b")
    expect(line(page, "artefacts")).to_be_hidden()
    press(page, "1")

    expect(line(page, "artefacts")).to_be_visible()
    expect(line(page, "watermark")).to_be_hidden()


def test_shift_aims_a_reason_at_less(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)

    press(page, "1", "z", "b", "Shift+B")
    expect(chip(page, "artefacts", "KLING")).to_have_attribute("aria-pressed", "false")
    expect(proof(page, "AI_GEN")).to_have_text("Z B")
    expect(proof(page, "KLING")).to_have_text("Z")
    go_on(page, "Enter")

    assert evidence() == {"author": ["AI_GEN", "KLING"], "artefacts": ["AI_GEN"]}


def test_shift_goes_round_each_of_two_generators(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)
    press(page, "1", "7", "b")
    seen = []

    for _ in range(5):
        chips = [chip(page, "artefacts", name) for name in ("KLING", "VEO")]
        seen.append([each.get_attribute("aria-pressed") for each in chips])
        press(page, "Shift+B")

    assert seen == [["true"] * 2, ["false"] * 2, ["true", "false"], ["false", "true"], ["true"] * 2]


def test_click_aims_each_reason_at_its_generator(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)
    press(page, "1", "7", "z", "x")

    chip(page, "author says", "VEO").click()
    chip(page, "watermark", "KLING").click()
    go_on(page, "Enter")

    assert evidence() == {"author": ["AI_GEN", "KLING"], "watermark": ["AI_GEN", "VEO"]}


def test_chip_keeps_the_focus_when_it_is_pressed(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)
    press(page, "1", "b")
    chip(page, "artefacts", "KLING").focus()

    press(page, "Space", "Space", "Space")

    expect(chip(page, "artefacts", "KLING")).to_be_focused()
    expect(chip(page, "artefacts", "KLING")).to_have_attribute("aria-pressed", "false")


def test_generator_that_nothing_shows_is_refused(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)

    press(page, "1", "b", "Shift+B", "Enter")

    words = "Nothing shows KLING yet: let a reason show it (⇧B), or take it off."
    expect(page.locator("#problem")).to_have_text(words)
    expect(proof(page, "KLING")).to_have_text("?")
    assert not Annotation.objects.exists()


def test_reason_pressed_anew_shows_everything_again(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)

    press(page, "1", "b", "Shift+B", "b", "b")

    expect(chip(page, "artefacts", "KLING")).to_have_attribute("aria-pressed", "true")


def test_aims_survive_a_reload(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)
    press(page, "1", "z", "b", "Shift+B")

    page.reload()

    expect(chip(page, "artefacts", "KLING")).to_have_attribute("aria-pressed", "false")
    expect(proof(page, "KLING")).to_have_text("Z")
    go_on(page, "Enter")
    assert evidence()["artefacts"] == ["AI_GEN"]


def test_undo_brings_the_aims_back(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)
    go_on(page, "1", "z", "b", "Shift+B", "Enter")

    go_on(page, "Backspace")

    expect(chip(page, "artefacts", "KLING")).to_have_attribute("aria-pressed", "false")
    expect(chip(page, "author says", "KLING")).to_have_attribute("aria-pressed", "true")


def test_next_clip_begins_without_aims(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)

    go_on(page, "1", "z", "b", "Shift+B", "Enter")
    press(page, "1", "b")

    expect(chip(page, "artefacts", "KLING")).to_have_attribute("aria-pressed", "true")


def test_shift_on_a_letter_that_aims_nothing_is_the_letter(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)

    press(page, "Shift+Y", "Shift+B")

    expect(page.get_by_role("button", name="AI_GEN", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="artefacts", exact=True)).to_have_attribute("aria-pressed", "true")


def test_own_key_aims_with_shift_too(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    ana = factories.make_user("ana")
    Preferences.objects.create(user=ana, keymap={"artefacts": "6", "RAY": "b"})
    be(page, site, ana)
    page.goto(f"{site}/label/")
    expect(page.locator(".transport")).to_be_visible()

    press(page, "1", "6", "Shift+Digit6")

    expect(line(page, "artefacts")).to_contain_text("⇧6")
    expect(chip(page, "artefacts", "KLING")).to_have_attribute("aria-pressed", "false")


def select(page: Page, start: int, end: int) -> None:
    """Select these characters of the post's first words."""
    page.locator("[data-post-text]").evaluate(
        "({ firstChild: it }, [start, end]) => getSelection().setBaseAndExtent(it, start, it, end)",
        [start, end],
    )


def test_words_of_the_author_are_shown_and_can_be_changed(
    page: Page, site: str, stock: Stock, picture: Picture
) -> None:
    stock(2)
    begin(page, site)
    quoted = page.locator(".answer [data-quoted]")

    select(page, 0, 13)
    press(page, "7", "z")
    expect(quoted).to_have_text("“Text to video” — marked")
    picture(page, "label-quote")
    select(page, 15, 25)
    page.get_by_role("button", name="author says", exact=True).click()
    expect(quoted).to_have_text("“one prompt” — marked")
    press(page, "z")
    expect(quoted).to_be_hidden()
    press(page, "z")
    expect(quoted).to_have_text("“one prompt” — marked")
    go_on(page, "Enter")

    assert Annotation.objects.get().evidence.get().quote == "one prompt"


def test_words_of_the_author_survive_reload_and_undo(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)
    quoted = page.locator(".answer [data-quoted]")
    select(page, 0, 13)
    press(page, "y", "z")

    page.reload()
    expect(quoted).to_have_text("“Text to video” — marked")
    go_on(page, "Enter")
    expect(quoted).to_be_hidden()
    go_on(page, "Backspace")
    expect(quoted).to_have_text("“Text to video” — marked")
    go_on(page, "Enter")

    assert Annotation.objects.latest("pk").evidence.get().quote == "Text to video"


def test_history_says_what_a_reason_was_for(page: Page, site: str, stock: Stock) -> None:
    video = stock(2)[0]
    begin(page, site)
    go_on(page, "1", "z", "b", "Shift+B", "Enter")

    page.goto(f"{site}{video.get_absolute_url()}")

    expect(page.get_by_text("Artefacts only, for AI_GEN")).to_be_visible()
    expect(page.get_by_text("Author says so", exact=True)).to_be_visible()


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", [1440, 390])
def test_aimed_reasons_are_accessible(
    page: Page, site: str, stock: Stock, picture: Picture, theme: str, width: int
) -> None:
    stock(1)
    page.context.add_cookies([{"name": "theme", "value": theme, "url": site}])
    page.set_viewport_size({"width": width, "height": 900})
    begin(page, site)

    press(page, "1", "7", "z", "b", "Shift+B", "Shift+B", "x", "Shift+X")

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture(page, f"label-aims-{theme}-{width}")
