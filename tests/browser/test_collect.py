"""Links pasted, a CSV uploaded, a bookmarklet pressed, in a real browser; X is the stand-in."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, Locator, Page, ViewportSize, expect
from pytest_django import Settings

from labeling import tasks
from labeling.collecting.links import canonical_url
from labeling.models import CollectJob, Post, VariantJob
from tests import factories
from tests.browser.axe import violations
from tests.browser.conftest import Picture, be
from tests.collecting.standin.x import Standin

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

THEMES = pytest.mark.parametrize("theme", ["light", "dark"])
PHONE: ViewportSize = {"width": 390, "height": 844}
IS_WIDER = "document.documentElement.scrollWidth > window.innerWidth"
LINES = "\n".join(
    [
        "https://x.com/ana/status/1800000000000000001",
        "  https://mobile.twitter.com/ana/status/1800000000000000001?s=20",
        "",
        "https://youtube.com/watch?v=1",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://x.com/" + "a" * 10_000,
    ]
)


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    with Standin(tmp_path_factory.mktemp("standin")) as standin:
        yield standin


@pytest.fixture
def here(page: Page, site: str) -> Page:
    """The page, where somebody is logged in who may collect."""
    be(page, site, factories.make_user("ana"))
    return page


def answers(page: Page) -> Locator:
    return page.locator("table.links tbody tr td")


def state(page: Page) -> Locator:
    """How far the post is, on its page."""
    return page.locator("#collecting [role=status]")


def paste(page: Page, site: str, text: str) -> None:
    page.goto(f"{site}/collect/")
    page.get_by_label("Links to posts").fill(text)
    page.get_by_role("button", name="Collect", exact=True).click()


def collect_what_waits() -> None:
    """Do what a worker does."""
    for pk in CollectJob.objects.unfinished().values_list("pk", flat=True):
        tasks.collect_post(pk)
    for pk in VariantJob.objects.unfinished().values_list("pk", flat=True):
        tasks.store_variant(pk)


def test_each_pasted_line_is_answered(here: Page, site: str) -> None:
    paste(here, site, LINES)

    expect(here.get_by_role("heading", level=2).first).to_have_text("1 new, 1 known, 4 refused")
    expect(answers(here)).to_have_count(6)
    expect(answers(here).first).to_contain_text("New, queued")
    assert Post.objects.count() == 1


@THEMES
def test_answers_can_be_read_by_everybody(here: Page, site: str, theme: str, picture: Picture) -> None:
    here.context.add_cookies([{"name": "theme", "value": theme, "url": site}])

    paste(here, site, LINES)

    picture(here, f"collect-{theme}")
    assert violations(here) == []


@pytest.mark.parametrize("path", ["/collect/", "/posts/", "/posts/?state=waiting"])
def test_page_fits_a_phone(here: Page, site: str, path: str, picture: Picture) -> None:
    here.set_viewport_size(PHONE)
    paste(here, site, LINES)
    expect(answers(here)).to_have_count(6)
    answered = here.evaluate(IS_WIDER)

    here.goto(f"{site}{path}")

    picture(here, f"phone{path.replace('/', '-').partition('?')[0]}")
    assert (answered, here.evaluate(IS_WIDER)) == (False, False)


def test_pasted_link_is_ready_to_label_without_a_reload(
    here: Page, site: str, standin: Standin, settings: Settings
) -> None:
    settings.X_PROXY, settings.X_CA_FILE = standin.proxy, standin.ca_file
    x_id = standin.add_post([standin.add_video([standin.clip()])])
    paste(here, site, canonical_url(x_id))
    here.locator("table.links a").click()
    expect(state(here)).to_have_text("Waiting to be collected")

    collect_what_waits()

    expect(state(here)).to_have_text("Stored")
    expect(here.get_by_text("waiting for labels")).to_be_visible()
    here.goto(f"{site}/label/")
    expect(here.locator("video").first).to_be_visible()


def test_failure_is_told_in_words_and_tried_again(
    here: Page, site: str, standin: Standin, settings: Settings
) -> None:
    settings.X_PROXY, settings.X_CA_FILE = standin.proxy, standin.ca_file
    paste(here, site, canonical_url(standin.new_id()))
    here.locator("table.links a").click()

    collect_what_waits()

    expect(state(here)).to_have_text("Deleted")
    expect(here.locator("#collecting")).to_contain_text("Nothing can be done")
    here.get_by_role("button", name="Try again").click()
    expect(state(here)).to_have_text("Waiting to be collected")


def test_bookmarklet_opens_the_page_with_the_link_of_the_post(here: Page, site: str) -> None:
    here.goto(f"{site}/collect/")
    code = here.get_by_role("link", name="Collect with CakeLens").get_attribute("href") or ""
    here.goto(f"{site}/healthz?status=1800000000000000001")

    with here.context.expect_page() as opened:
        here.evaluate(code.removeprefix("javascript:"))

    expect(opened.value.get_by_label("Links to posts")).to_have_value(here.url)
    assert opened.value.url.startswith(f"{site}/collect/?url=")
    assert not Post.objects.exists()


def upload(page: Page, site: str, text: str, *, is_all_or_none: bool = False) -> None:
    page.goto(f"{site}/collect/")
    file: FilePayload = {"name": "posts.csv", "mimeType": "text/csv", "buffer": text.encode()}
    page.get_by_label("CSV file").set_input_files(file)
    if is_all_or_none:
        page.get_by_label("Take nothing unless every row is good").check()
    page.get_by_role("button", name="Upload").click()


CSV = "url,sora\nhttps://x.com/ana/status/1800000000000000001,1\nhttps://example.com/1,1\n"


@pytest.mark.parametrize(
    ("is_all_or_none", "summary"), [(False, "1 new, 1 refused"), (True, "0 new, 2 refused")]
)
def test_each_row_of_a_csv_is_answered(here: Page, site: str, is_all_or_none: bool, summary: str) -> None:
    upload(here, site, CSV, is_all_or_none=is_all_or_none)

    expect(here.get_by_role("heading", level=2).first).to_have_text(summary)
    expect(answers(here)).to_have_count(2)
    assert violations(here) == []
