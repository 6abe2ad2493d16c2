"""The player's own behaviour: looking closer, sizes, sound, widths, and what of it persists."""

import pytest
from playwright.sync_api import Page, expect

from labeling.models import Video
from tests import factories
from tests.browser.conftest import Stock
from tests.browser.screen import begin, go_on, press

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SHAPE = "clip => { const {a, e, f} = new DOMMatrix(getComputedStyle(clip).transform); return [a, e, f]; }"


def shape(page: Page) -> list[float]:
    """Return how much larger the picture is drawn, and how far it is moved."""
    return list(page.locator(".stage .clip").evaluate(SHAPE))


def second_size(video: Video) -> None:
    """Give a clip a smaller encoding: the same file, said to be smaller."""
    best = video.variants.get()
    factories.make_variant(video, width=160, height=90, name=best.name, sha256=best.sha256, fps=best.fps)


def test_key_goes_closer_and_another_shows_all(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)

    press(page, "j", "j")
    assert shape(page)[0] == 4
    press(page, "Shift+ArrowRight", "Shift+ArrowDown")
    moved = shape(page)
    assert moved[1] < 0
    assert moved[2] < 0
    press(page, "f")

    assert shape(page) == [1, 0, 0]


def test_box_drawn_over_the_clip_fills_the_stage(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)
    area = page.locator(".picture").bounding_box()
    assert area is not None

    page.mouse.move(area["x"], area["y"])
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] / 4, area["y"] + area["height"] / 4)
    expect(page.locator(".zoom-box")).to_be_visible()
    page.mouse.up()

    scale, right, down = shape(page)
    assert scale == pytest.approx(4, abs=0.01)
    assert right == pytest.approx(area["width"] * 1.5, abs=2)
    assert down == pytest.approx(area["height"] * 1.5, abs=2)


def test_next_clip_is_whole_again(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)

    press(page, "j")
    go_on(page, "n", "Enter")

    assert shape(page)[0] == 1


def test_chosen_size_stays_for_the_next_clip_and_after_a_reload(page: Page, site: str, stock: Stock) -> None:
    for video in stock(2):
        second_size(video)
    begin(page, site)
    sizes = page.locator("[data-variants]")
    shown = "list => list.selectedOptions[0].text"
    assert sizes.evaluate(shown) == "180p"

    press(page, ",")
    go_on(page, "n", "Enter")
    assert sizes.evaluate(shown) == "90p"
    page.reload()

    expect(page.locator(".transport")).to_be_visible()
    assert sizes.evaluate(shown) == "90p"


def test_sound_and_loudness_stay_for_the_next_clip(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)

    press(page, "t")
    page.get_by_label("Volume").evaluate(
        "range => { range.value = 0.25; range.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    go_on(page, "n", "Enter")

    heard = page.locator(".stage .clip").evaluate("clip => [clip.muted, clip.volume, clip.paused]")
    assert heard == [False, 0.25, False]


def test_width_of_the_clip_stays(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)
    before = page.locator(".picture").bounding_box()

    press(page, "]")
    page.reload()

    after = page.locator(".picture").bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] > before["width"] + 50


def test_loop_that_is_off_stays_off(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)

    press(page, "l")
    go_on(page, "n", "Enter")

    assert page.locator(".stage .clip").evaluate("clip => clip.loop") is False
    expect(page.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "false")
