"""Nothing is lost: answers that meet a dead network, a dead server, a logout, or another person."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from labeling.models import Annotation, Slot, Video
from tests import factories
from tests.browser.axe import violations
from tests.browser.conftest import PASSWORD, Picture, Stock, be, let_rest
from tests.browser.screen import begin, claim_of, go_on, is_on, press

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser whose console may complain: what goes wrong here is meant to."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(10_000)
    # A page's first route takes hold a moment after it is set, and requests slip past it: this one is early.
    context.route("**/never", lambda route: route.abort())
    yield context
    context.close()


@pytest.fixture
def rough(context: BrowserContext) -> Iterator[Page]:
    """A page for what the strict `page` would not let pass."""
    page = context.new_page()
    yield page
    let_rest(page)


def saved(page: Page, words: str = "saved") -> None:
    expect(page.locator("#saved")).to_have_text(words)


def give_to(username: str, video: Video) -> None:
    """Let the claim on a video run out, and somebody else take it."""
    slot = video.slots.get()
    Slot.objects.filter(pk=slot.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
    factories.hold(Slot.objects.get(pk=slot.pk), factories.make_user(username))


def test_next_clip_comes_before_the_answer_arrives(page: Page, site: str, stock: Stock) -> None:
    stock(3)
    begin(page, site)
    first = claim_of(page)
    held: list[Route] = []
    page.route("**/answer/", lambda route: held.append(route))

    press(page, "7", "b", "Enter")

    expect(page.locator("#screen")).not_to_have_attribute("data-claim", first)
    saved(page, "saving…")
    assert not Annotation.objects.exists()
    held[0].continue_()
    saved(page)
    assert Annotation.objects.get().veo is True


def test_quick_hands_lose_nothing(page: Page, site: str, stock: Stock) -> None:
    videos = stock(8)
    begin(page, site)

    for place in range(8):
        expect(page.locator("#answer")).to_be_visible()
        press(page, *("yb" if place % 2 else "n"), "Enter")

    expect(page.get_by_text("You have judged every clip there is")).to_be_visible()
    assert [Annotation.objects.get(video=video).ai_gen for video in videos] == [False, True] * 4


def test_answers_given_offline_are_sent_when_the_network_is_back(
    context: BrowserContext, rough: Page, site: str, stock: Stock
) -> None:
    videos = stock(4)
    begin(rough, site)
    context.set_offline(True)

    press(rough, "7", "b", "Enter", "n", "Enter")
    saved(rough, "no connection: 2 answers kept here")
    assert not Annotation.objects.exists()
    context.set_offline(False)
    saved(rough)

    assert [Annotation.objects.get(video=video).veo for video in videos[:2]] == [True, False]
    expect(rough.locator("#facts")).to_contain_text("2 today")


def test_every_clip_answered_offline_says_what_happens_next(
    context: BrowserContext, rough: Page, site: str, stock: Stock
) -> None:
    stock(4)
    begin(rough, site)
    context.set_offline(True)

    press(rough, *["n", "Enter"] * 3)
    expect(rough.get_by_role("heading", name="Your answers are on their way")).to_be_visible()
    assert violations(rough) == []
    context.set_offline(False)

    expect(rough.locator(".transport")).to_be_visible()
    saved(rough)
    assert Annotation.objects.count() == 3


def test_undo_and_help_are_heard_while_answers_are_on_their_way(
    context: BrowserContext, rough: Page, site: str, stock: Stock, picture: Picture
) -> None:
    stock(2)
    begin(rough, site)
    notice, helped = rough.locator("#notice"), rough.get_by_role("dialog", name="Keys and labels")
    context.set_offline(True)
    press(rough, *["n", "Enter"] * 2)
    expect(rough.get_by_role("heading", name="Your answers are on their way")).to_be_visible()

    press(rough, "?")
    expect(helped).to_be_visible()
    press(rough, "?", "Backspace")
    expect(notice).to_have_text("The last answer is not saved yet. It can be taken back once it is.")
    picture(rough, "label-on-their-way")
    context.set_offline(False)

    saved(rough)
    expect(notice).to_be_empty()
    expect(rough.get_by_role("heading", name="You have judged every clip there is")).to_be_visible()
    press(rough, "?")
    expect(helped).to_be_visible()
    press(rough, "?")
    press(rough, "Backspace")
    expect(rough.locator(".transport")).to_be_visible()
    assert is_on(rough, "not AI")


def test_answers_on_their_way_survive_a_reload(
    context: BrowserContext, rough: Page, site: str, stock: Stock
) -> None:
    stock(3)
    begin(rough, site)
    rough.route("**/answer/", lambda route: route.abort())
    press(rough, "7", "b", "Enter")
    saved(rough, "no connection: 1 answer kept here")
    rough.unroute("**/answer/")

    rough.reload()

    saved(rough)
    assert Annotation.objects.get().veo is True
    assert claim_of(rough) == str(Slot.objects.held().order_by("claimed_at", "pk")[0].claim)


def test_half_an_answer_survives_a_reload(page: Page, site: str, stock: Stock) -> None:
    stock(1)
    begin(page, site)
    press(page, "7", "x", "a", "/", *"odd hands", "Escape", "i", *"is it Veo?")

    page.reload()

    assert [is_on(page, name) for name in ("AI_GEN", "VEO", "watermark", "ANIME_2D")] == [True] * 4
    assert page.locator("#note").input_value() == "odd hands"
    go_on(page, "Enter")
    assert Annotation.objects.get().question == "is it Veo?"
    assert Annotation.objects.get().evidence.get().at_seconds is not None


def test_browser_that_keeps_nothing_says_so(page: Page, site: str, stock: Stock) -> None:
    stock(2)
    held: list[Route] = []
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('full'); };")
    page.route("**/answer/", lambda route: held.append(route))
    begin(page, site)

    press(page, "n", "Enter")
    saved(page, "saving…, in this window only")
    held[0].continue_()

    saved(page)
    assert Annotation.objects.count() == 1


def test_answer_whose_reply_was_lost_is_taken_once(rough: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(rough, site)
    lost: list[int] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort()

    rough.route("**/answer/", lose_the_first)
    with rough.expect_request_finished(lambda request: request.url.endswith("/answer/")):
        press(rough, "n", "Enter")

    saved(rough)
    assert lost == [201]
    assert Annotation.objects.count() == 1


def test_server_that_fails_gets_the_answer_again(rough: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(rough, site)
    rough.route("**/answer/", lambda route: route.fulfill(status=502), times=1)

    press(rough, "n", "Enter")

    saved(rough, "the server fails: 1 answer kept here")
    saved(rough)
    assert Annotation.objects.get().ai_gen is False


IN_BETWEEN: list[dict[str, Any]] = [
    {"status": 200, "content_type": "text/html", "body": "<h1>Welcome to the train's Wi-Fi</h1>"},
    {"status": 200, "json": {"detail": "Accept our terms first."}},
    {"status": 302, "headers": {"Location": "/healthz"}},
]
"""What a network that wants to be logged in to says in the server's place."""


@pytest.mark.parametrize("reply", IN_BETWEEN, ids=["page", "json", "redirect"])
def test_network_in_between_takes_no_answer(
    rough: Page, site: str, stock: Stock, reply: dict[str, Any]
) -> None:
    stock(3)
    begin(rough, site)
    errors: list[object] = []
    rough.on("pageerror", lambda error: errors.append(error))
    rough.route("**/label/**", lambda route: route.fulfill(**reply))

    press(rough, "n", "Enter", "k", "1")
    saved(rough, "the server fails: 2 answers kept here")
    rough.unroute("**/label/**")

    saved(rough)
    assert {each.outcome for each in Annotation.objects.all()} == {"labeled", "skipped"}
    assert errors == []


def test_undo_that_a_network_in_between_took_is_asked_for_again(rough: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(rough, site)
    go_on(rough, "7", "b", "Enter")
    rough.route("**/label/undo/", lambda route: route.fulfill(**IN_BETWEEN[0]), times=1)

    go_on(rough, "Backspace")

    assert is_on(rough, "VEO")
    assert Annotation.objects.filter(outcome="undone").count() == 1


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_expired_session_is_renewed_in_place(
    context: BrowserContext, rough: Page, site: str, stock: Stock, picture: Picture, theme: str
) -> None:
    stock(3)
    context.add_cookies([{"name": "theme", "value": theme, "url": site}])
    begin(rough, site)
    context.clear_cookies(name="sessionid")

    press(rough, "7", "b", "Enter")
    dialog = rough.get_by_role("dialog", name="You were logged out")
    expect(dialog).to_be_visible()
    saved(rough, "logged out: 1 answer kept here")
    assert violations(rough) == []
    picture(rough, f"label-logged-out-{theme}")
    rough.keyboard.type("wrong horse")
    press(rough, "Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("Please enter a correct username and password")
    rough.keyboard.type(PASSWORD)
    press(rough, "Enter")

    expect(dialog).to_be_hidden()
    saved(rough)
    assert Annotation.objects.get().veo is True
    go_on(rough, "n", "Enter")


def test_cookies_that_are_gone_are_no_loss(
    context: BrowserContext, rough: Page, site: str, stock: Stock
) -> None:
    stock(2)
    begin(rough, site)
    context.clear_cookies()

    press(rough, "n", "Enter")
    expect(rough.get_by_role("dialog", name="You were logged out")).to_be_visible()
    rough.keyboard.type(PASSWORD)
    press(rough, "Enter")

    saved(rough)
    assert Annotation.objects.count() == 1


def test_answer_is_never_sent_for_somebody_else(
    context: BrowserContext, rough: Page, site: str, stock: Stock
) -> None:
    stock(2)
    begin(rough, site)
    be(rough, site, factories.make_user("ben"))

    press(rough, "n", "Enter")

    expect(rough.get_by_role("dialog", name="You were logged out")).to_be_visible()
    assert not Annotation.objects.exists()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_lost_claim_says_to_whom_and_is_taken_again_by_a_key(
    context: BrowserContext, rough: Page, site: str, stock: Stock, picture: Picture, theme: str
) -> None:
    video = stock(3)[0]
    context.add_cookies([{"name": "theme", "value": theme, "url": site}])
    begin(rough, site)
    give_to("ben", video)

    press(rough, "7", "b", "Enter")
    notice = rough.locator("#notice")
    expect(notice).to_contain_text("ben has it until")
    expect(notice).to_contain_text("Your answer (AI_GEN, VEO, artefacts) is kept here.")
    saved(rough, "1 answer not saved")
    assert violations(rough) == []
    picture(rough, f"label-lost-{theme}")
    press(rough, "r")
    expect(notice).to_contain_text("Not yet. ben has it until")
    Slot.objects.filter(video=video).update(lease_until=timezone.now())
    press(rough, "r")

    saved(rough)
    expect(notice).to_be_empty()
    assert Annotation.objects.get().veo is True


def test_clip_taken_again_takes_the_place_of_one_ahead(rough: Page, site: str, stock: Stock) -> None:
    videos = stock(6)
    begin(rough, site)
    give_to("ben", videos[0])
    press(rough, "n", "Enter")
    expect(rough.locator("#notice")).to_contain_text("ben has it until")
    expect(rough.locator("#reel > *")).to_have_count(2)  # three are held, and the lost one would be a fourth
    Slot.objects.filter(video=videos[0]).update(lease_until=timezone.now())

    press(rough, "r")
    saved(rough)
    for _ in videos[1:]:
        let_rest(rough)  # which claim made room is known once the clips ahead were asked for anew
        go_on(rough, "n", "Enter")

    assert Annotation.objects.values("video").distinct().count() == Annotation.objects.count() == 6


def test_clip_taken_again_by_two_quick_clicks_is_answered_once(rough: Page, site: str, stock: Stock) -> None:
    video = stock(3)[0]
    begin(rough, site)
    give_to("ben", video)
    press(rough, "n", "Enter")
    again = rough.get_by_role("button", name="Take it again and save")
    expect(again).to_be_visible()
    Slot.objects.filter(video=video).update(lease_until=timezone.now())

    again.evaluate("button => { button.click(); button.click(); }")
    saved(rough)
    let_rest(rough)

    expect(rough.locator("#notice")).to_be_empty()
    assert Annotation.objects.count() == 1


def test_clip_taken_again_while_logged_out_asks_to_log_in(
    context: BrowserContext, rough: Page, site: str, stock: Stock
) -> None:
    video = stock(2)[0]
    begin(rough, site)
    give_to("ben", video)
    press(rough, "n", "Enter")
    expect(rough.locator("#notice")).to_contain_text("ben has it until")
    let_rest(rough)
    context.clear_cookies(name="sessionid")

    press(rough, "r")

    expect(rough.get_by_role("dialog", name="You were logged out")).to_be_visible()
    expect(rough.locator("#notice")).to_contain_text("Not yet. You are logged out.")


def test_lost_answer_survives_a_reload_until_it_is_discarded(rough: Page, site: str, stock: Stock) -> None:
    video = stock(2)[0]
    begin(rough, site)
    give_to("ben", video)
    press(rough, "n", "Enter")
    expect(rough.locator("#notice")).to_contain_text("ben has it until")

    rough.reload()
    rough.get_by_role("button", name="Discard it").click()

    saved(rough)
    expect(rough.locator("#notice")).to_be_empty()
    assert not Annotation.objects.exists()


def test_answer_given_in_another_window_can_only_be_discarded(rough: Page, site: str, stock: Stock) -> None:
    video = stock(2)[0]
    begin(rough, site)
    Slot.objects.filter(video=video).update(state="done", claim=None, lease_until=None)

    press(rough, "n", "Enter")

    notice = rough.locator("#notice")
    expect(notice).to_contain_text("You answered it already")
    expect(notice).to_contain_text("That one counts, and not the one kept here (not AI).")
    expect(notice.get_by_role("button")).to_have_text(["Discard it"])


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_clip_answered_in_two_windows_is_named_and_answered_anew(
    context: BrowserContext, rough: Page, site: str, stock: Stock, picture: Picture, theme: str
) -> None:
    video = stock(4)[0]
    context.add_cookies([{"name": "theme", "value": theme, "url": site}])
    begin(rough, site)
    other = context.new_page()
    other.goto(f"{site}/label/")
    expect(other.locator(".transport")).to_be_visible()
    go_on(rough, "y", "b", "Enter")

    press(other, "n", "Enter")
    for page in (rough, other):
        notice = page.locator("#notice")
        expect(notice).to_contain_text("To change it, take it back among your last ten, below.")
        expect(notice.get_by_role("link", name=f"clip {video.pk}")).to_have_attribute(
            "href", video.get_absolute_url()
        )
    assert violations(other) == []
    picture(other, f"label-two-windows-{theme}")
    other.get_by_role("button", name="Go back to AI_GEN").click()
    expect(other.get_by_role("button", name="AI_GEN", exact=True)).to_have_attribute("aria-pressed", "true")
    press(other, "n", "Enter")

    for page in (rough, other):
        saved(page)
        expect(page.locator("#notice")).to_be_empty()
    assert Annotation.objects.filter(video=video).latest("pk").ai_gen is False
    let_rest(other)


def test_refused_answer_can_be_put_right(rough: Page, site: str, stock: Stock) -> None:
    stock(2)
    begin(rough, site)
    rough.locator("#note").evaluate("note => { note.maxLength = 9999; note.value = 'x'.repeat(5000); }")

    press(rough, "n", "Enter")
    expect(rough.locator("#notice")).to_contain_text("note may have 4,000 characters, it has 5,000.")
    assert not Annotation.objects.exists()
    press(rough, "r")
    expect(rough.locator("#note")).to_have_value("x" * 5000)
    rough.locator("#note").fill("odd hands")
    press(rough, "Escape", "Enter")

    saved(rough)
    assert Annotation.objects.get().note == "odd hands"


def test_refused_answer_is_kept_while_somebody_else_has_the_clip(
    rough: Page, site: str, stock: Stock
) -> None:
    video = stock(2)[0]
    begin(rough, site)
    notice = rough.locator("#notice")
    rough.locator("#note").evaluate("note => { note.maxLength = 9999; note.value = 'x'.repeat(5000); }")
    press(rough, "n", "Enter")
    expect(notice).to_contain_text("note may have 4,000 characters, it has 5,000.")
    give_to("ben", video)

    press(rough, "r")
    expect(notice).to_contain_text("Not yet. ben has it until")
    saved(rough, "1 answer not saved")
    Slot.objects.filter(video=video).update(lease_until=timezone.now())
    press(rough, "r")
    expect(notice).to_contain_text("note may have 4,000 characters, it has 5,000.")
    press(rough, "r")

    expect(rough.locator("#note")).to_have_value("x" * 5000)
    expect(notice).to_be_empty()


def test_claim_lost_while_looking_is_told_at_once(rough: Page, site: str, stock: Stock) -> None:
    stock(1)
    rough.clock.install()
    begin(rough, site)
    Slot.objects.update(claim=uuid4())

    rough.clock.run_for(61_000)

    expect(rough.locator("#notice")).to_contain_text("This video is no longer yours")


def test_undo_waits_for_an_answer_that_is_not_saved(
    context: BrowserContext, rough: Page, site: str, stock: Stock
) -> None:
    stock(3)
    begin(rough, site)
    context.set_offline(True)
    press(rough, "n", "Enter")
    saved(rough, "no connection: 1 answer kept here")

    press(rough, "Backspace")
    expect(rough.locator("#notice")).to_contain_text("The last answer is not saved yet.")
    context.set_offline(False)
    saved(rough)
    go_on(rough, "Backspace")

    assert is_on(rough, "not AI")


def lose_undos(page: Page, *, most: int) -> list[int]:
    """Let so many undos arrive without a reply; return what the server said to them."""
    lost: list[int] = []

    def lose(route: Route) -> None:
        if len(lost) == most:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort()

    page.route("**/label/undo/", lose)
    return lost


def test_undo_whose_reply_was_lost_takes_one_answer_back(rough: Page, site: str, stock: Stock) -> None:
    stock(4)
    begin(rough, site)
    go_on(rough, "n", "Enter")
    go_on(rough, "7", "b", "Enter")
    lost = lose_undos(rough, most=1)

    go_on(rough, "Backspace")

    assert lost == [200]
    assert is_on(rough, "VEO")
    assert Annotation.objects.filter(outcome="undone").count() == 1


def test_undo_that_may_have_arrived_is_asked_for_again(rough: Page, site: str, stock: Stock) -> None:
    stock(4)
    begin(rough, site)
    go_on(rough, "n", "Enter")
    go_on(rough, "7", "b", "Enter")
    lost = lose_undos(rough, most=2)

    press(rough, "Backspace")
    expect(rough.locator("#notice")).to_contain_text("No connection: perhaps it is taken back.")
    go_on(rough, "Backspace")

    assert lost == [200, 200]
    assert is_on(rough, "VEO")
    assert Annotation.objects.filter(outcome="undone").count() == 1


def test_clip_left_for_an_undone_one_keeps_what_was_pressed(page: Page, site: str, stock: Stock) -> None:
    stock(3)
    begin(page, site)
    go_on(page, "n", "Enter")
    press(page, "7")

    go_on(page, "Backspace")
    assert is_on(page, "not AI")
    go_on(page, "Enter")

    assert is_on(page, "VEO")


def test_two_people_at_once_never_have_the_same_clip(browser: Browser, site: str, stock: Stock) -> None:
    videos = stock(6)
    contexts = [browser.new_context() for _ in range(2)]
    pages = [context.new_page() for context in contexts]
    for page, name in zip(pages, ("ana", "ben"), strict=True):
        begin(page, site, name)

    for _ in range(3):
        for page in pages:
            press(page, "n", "Enter")
            saved(page)
    for page in pages:
        let_rest(page)
        page.context.close()

    assert {Annotation.objects.get(video=video).labeler.get_username() for video in videos} == {"ana", "ben"}
    assert Annotation.objects.filter(labeler__username="ana").count() == 3
