"""Labeling in a real browser: whole sessions, without touching the mouse."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from labeling.models import Annotation, Outcome, Slot, Video
from tests import factories
from tests.browser.conftest import PASSWORD, Stock, log_in, suggest
from tests.browser.screen import SCORES, begin, claim_of, clip_time, go_on, is_on, press

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.mark.embedded
def test_whole_session_by_keyboard_alone(page: Page, site: str, stock: Stock) -> None:
    videos = stock(5)
    suggest(factories.make_model("v5.1", is_current=True), videos[1], SCORES, AI_GEN=0.87, VEO=0.72)
    factories.make_user("ana", password=PASSWORD)
    log_in(page, site, "ana")
    expect(page.locator(".transport")).to_be_visible()

    press(page, "Enter")
    expect(page.locator("#problem")).to_have_text("AI_GEN is not judged yet: press Y or N, then Enter.")
    press(page, "y", "Enter")
    expect(page.locator("#problem")).to_have_text("How do you know? Press one of Z X C V B M, then Enter.")
    go_on(page, "n", "Enter")
    press(page, "g")
    expect(page.get_by_role("button", name="VEO", exact=True)).to_have_attribute("aria-pressed", "true")
    go_on(page, "z", "a", "Enter")
    press(page, "k")
    expect(page.locator("#skip-menu")).to_be_visible()
    go_on(page, "1")
    go_on(page, "9", "b", "Enter")
    go_on(page, "Backspace")
    assert is_on(page, "SORA")
    go_on(page, "8", "Enter")
    go_on(page, "y", "b", "/", *"odd hands", "Escape", "Enter")
    expect(page.get_by_text("You have judged every clip there is")).to_be_visible()

    newest = [video.annotations.order_by("-pk")[0] for video in videos]
    assert [answer.outcome for answer in newest] == ["labeled", "labeled", "skipped", "labeled", "labeled"]
    assert [[*map(str, answer.positive_labels())] for answer in newest] == [
        [],
        ["AI_GEN", "ANIME_2D", "VEO"],
        [],
        ["AI_GEN", "RUNWAY", "SORA"],
        ["AI_GEN"],
    ]
    assert newest[1].shown_model == "v5.1"
    assert [item.kind for item in newest[1].evidence.all()] == ["author"]
    assert newest[2].skip_reason == "cannot_tell"
    assert newest[4].note == "odd hands"
    assert Annotation.objects.filter(video=videos[3]).values_list("outcome", flat=True)[1] == Outcome.UNDONE


def test_ten_clips_are_judged_one_after_another(page: Page, site: str, real_stock: Stock) -> None:
    videos = real_stock(10)
    begin(page, site)

    for place in range(10):
        go_on(page, *("yb" if place % 2 else "n"), "Enter")

    assert [Annotation.objects.get(video=video).ai_gen for video in videos] == [False, True] * 5
    expect(page.locator("#facts")).to_contain_text("10 today")


def test_clip_plays_muted_and_loops(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)

    expect(page.locator("[data-clock]")).not_to_have_text("00:00.0")

    clip = page.locator(".stage .clip")
    assert clip.evaluate("clip => [clip.paused, clip.muted, clip.loop, clip.controls]") == [
        False,
        True,
        True,
        False,
    ]


def test_clip_can_be_sought(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)
    press(page, "Space")

    page.locator(".stage .clip").evaluate(
        "clip => new Promise(done => { clip.onseeked = done; clip.currentTime = 2; })"
    )

    assert clip_time(page) == pytest.approx(2, abs=0.05)


def test_arrows_step_by_one_frame(page: Page, site: str, stock: Stock) -> None:
    fps = stock(1)[0].variants.get().fps or 0
    begin(page, site)
    press(page, "Space")
    before = clip_time(page)

    press(page, "ArrowRight", "ArrowRight", "ArrowLeft")

    assert clip_time(page) - before == pytest.approx(1 / fps, abs=0.01)


def test_arrows_change_the_speed_which_stays(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)

    press(page, "ArrowUp")
    go_on(page, "n", "Enter")

    assert page.locator(".stage .clip").evaluate("clip => clip.playbackRate") == 1.5


def test_timeline_jumps_to_what_the_model_saw(page: Page, site: str, stock: Stock) -> None:
    video = stock(1)[0]
    suggest(factories.make_model("v5.1"), video, SCORES, AI_GEN=0.87)
    begin(page, site)
    press(page, "Space")
    duration = video.duration_seconds or 0

    press(page, "p")
    assert clip_time(page) == pytest.approx(duration * 4 / 8, abs=0.01)
    page.locator(".timeline-bar").nth(2).click()
    assert clip_time(page) == pytest.approx(duration * 2 / 8, abs=0.01)


def test_next_clip_has_loaded_behind_this_one(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)
    behind = page.locator("#wings video")
    behind.evaluate("clip => { clip.wasBehind = true; }")
    expect(behind).to_have_js_property("readyState", 4)

    go_on(page, "n", "Enter")

    clip = page.locator(".stage .clip")
    expect(clip).to_have_js_property("wasBehind", True)
    expect(clip).to_have_js_property("paused", False)


def test_one_key_answers_for_all_copies(page: Page, site: str, stock: Stock) -> None:
    videos = stock(3)
    Video.objects.filter(pk=videos[1].pk).update(group=videos[0].group)
    begin(page, site)

    press(page, "=")
    go_on(page, "n", "Enter")

    assert Annotation.objects.filter(video__in=videos[:2], ai_gen=False).count() == 2
    expect(page.locator(".stage .clip")).to_have_attribute("src", re.compile(videos[2].variants.get().sha256))


def test_no_key_fires_while_typing(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)
    before = claim_of(page)

    press(page, "/", *"yny1kg?", "Enter", "Backspace", "Escape")

    assert page.locator("#note").input_value() == "yny1kg?"
    assert claim_of(page) == before
    assert not is_on(page, "AI_GEN")
    assert not is_on(page, "KLING")


def test_tab_and_enter_press_the_button_in_focus(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)
    page.get_by_role("button", name="KLING", exact=True).focus()

    press(page, "Tab", "Enter")

    assert is_on(page, "HIGGSFIELD")
    assert not Annotation.objects.exists()


def test_enter_after_a_click_goes_on(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)
    page.get_by_role("button", name="watermark", exact=True).click()
    page.get_by_role("button", name="VEO", exact=True).click()

    go_on(page, "Enter")

    assert Annotation.objects.get().veo is True


def test_no_clears_generators(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)

    press(page, "7", "n")

    assert [is_on(page, name) for name in ("VEO", "AI_GEN", "not AI")] == [False, False, True]


def test_menu_has_the_keys_while_it_is_open(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)

    press(page, "k", "y", "Escape")

    expect(page.locator("#skip-menu")).to_be_hidden()
    assert not is_on(page, "AI_GEN")


def test_question_mark_shows_keys_and_definitions(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)

    press(page, "?")
    expect(page.locator("#help")).to_contain_text("Made with Kling, the video generator of Kuaishou.")
    press(page, "?")

    expect(page.locator("#help")).to_be_hidden()


def test_sensitive_clip_is_blurred_until_asked(page: Page, site: str, stock: Stock) -> None:
    video = stock(1)[0]
    type(video.post).objects.update(is_sensitive=True)
    begin(page, site)
    blur = "clip => getComputedStyle(clip).filter"
    clip = page.locator(".stage .clip")
    assert "blur" in clip.evaluate(blur)

    press(page, "h")

    assert clip.evaluate(blur) == "none"


def test_theme_switch_persists(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)

    page.get_by_text("ana", exact=True).click()
    page.get_by_role("button", name="Light").click()
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_selected_words_become_the_authors_quote(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)
    page.locator("[data-post-text] mark").evaluate("mark => getSelection().selectAllChildren(mark)")

    go_on(page, "y", "z", "Enter")

    assert Annotation.objects.get().evidence.get().quote == "Veo 3"


def test_watermark_keeps_its_time(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)
    press(page, "Space")
    page.locator(".stage .clip").evaluate("clip => { clip.currentTime = 1.5; }")

    go_on(page, "y", "x", "Enter")

    assert Annotation.objects.get().evidence.get().at_seconds == pytest.approx(1.5, abs=0.05)


def test_seconds_on_the_clip_are_counted(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)

    go_on(page, "n", "Enter")

    assert 0 < (Annotation.objects.get().seconds or 0) < 60


def turn_to(page: Page, *, is_hidden: bool) -> None:
    """Let the page be told that its tab went out of sight, or came back: no headless browser hides one."""
    page.evaluate(
        """isHidden => {
          Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        is_hidden,
    )


def test_seconds_in_another_tab_are_not_counted(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    page.clock.install()
    begin(page, site)

    page.clock.fast_forward(20_000)
    turn_to(page, is_hidden=True)
    page.clock.fast_forward(50_000)
    turn_to(page, is_hidden=False)
    go_on(page, "n", "Enter")

    assert 20 <= (Annotation.objects.get().seconds or 0) < 40


def test_claims_are_kept_while_somebody_is_there(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    page.clock.install()
    begin(page, site)
    Slot.objects.update(lease_until=timezone.now())
    behind = page.locator("#wings video").get_attribute("data-claim")
    beats = [page.expect_response(f"**/{claim}/heartbeat/") for claim in (claim_of(page), behind)]

    with beats[0], beats[1]:
        page.clock.run_for(61_000)

    assert Slot.objects.held().count() == 2


def test_focus_stays_on_next_for_who_tabs(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(page, site)
    press(page, "n")
    page.get_by_role("button", name="Next", exact=True).focus()

    go_on(page, "Enter")

    expect(page.get_by_role("button", name="Next", exact=True)).to_be_focused()


def test_generators_fold_on_a_phone_until_they_are_asked_for(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    page.set_viewport_size({"width": 390, "height": 844})
    begin(page, site)
    asked = page.get_by_role("group", name="Generated by")
    expect(asked).to_be_hidden()

    page.get_by_role("button", name="AI_GEN", exact=True).click()

    expect(asked.get_by_role("button", name="VEO", exact=True)).to_be_visible()


def test_works_without_scripts(browser: Browser, site: str, stock: Stock) -> None:
    videos = stock(2)
    factories.make_user("ana", password=PASSWORD)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    log_in(page, site, "ana")

    for name in ("VEO", "ANIME_3D", "artefacts", "Next"):
        page.get_by_role("button", name=name, exact=True).click()
    expect(page.locator(".stage .clip")).to_have_attribute("src", re.compile(videos[1].variants.get().sha256))
    page.get_by_role("button", name="Skip…").click()
    page.get_by_role("button", name="Offensive").click()
    context.close()

    assert [*map(str, Annotation.objects.get(video=videos[0]).positive_labels())] == [
        "AI_GEN",
        "ANIME_3D",
        "VEO",
    ]
    assert Annotation.objects.get(video=videos[1]).skip_reason == "offensive"
