"""The growth page, and the pages around it, in a real browser."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from cakelens.labels import Label
from labeling.models import CollectJob, Post
from tests import factories
from tests.browser.axe import violations
from tests.browser.conftest import Picture, Stock, be, suggest
from tests.files import make_filed_video
from tests.growth import SIZES, grow, keep_figures, settle_many
from training import tasks
from training.models import ExportJob, TrainingRun

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SCORES = [0.31, 0.42, 0.77, 0.86, 0.93, 0.71, 0.48, 0.62]
THEMES = pytest.mark.parametrize("theme", ["light", "dark"])

# Colours of the chart's pixels, the commonest first.
COLOURS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const counts = new Map();
  for (let i = 0; i < data.length; i += 4) {
    if (!data[i + 3]) continue;
    const colour = data.slice(i, i + 3).join(" ");
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]).map(([colour]) => colour);
}"""
TRAIN = "0 114 178"

# A browser without a screen has a mouse whatever it is told.
WITH_A_FINGER = """() => [...document.styleSheets].flatMap(sheet => [...sheet.cssRules])
  .filter(rule => rule.media?.mediaText === "(pointer: coarse)")
  .forEach(rule => { rule.media.mediaText = "all"; })"""


def begin(page: Page, site: str, path: str, *, theme: str = "light", role: str = "admin") -> None:
    be(page, site, factories.make_user("ana", role=role))
    page.context.add_cookies([{"name": "theme", "value": theme, "url": site}])
    page.goto(f"{site}{path}")


def colours(page: Page) -> list[str]:
    canvas = page.locator("#growth-chart[data-is-drawn]")
    return list(canvas.evaluate(COLOURS))


@THEMES
def test_chart_is_drawn_in_its_colours(page: Page, site: str, theme: str) -> None:
    grow(*SIZES)

    begin(page, site, "/batches/", theme=theme)

    drawn = colours(page)
    assert drawn[0] == TRAIN
    assert len(drawn) > 20


def test_chart_follows_the_theme(page: Page, site: str) -> None:
    grow(*SIZES)
    begin(page, site, "/batches/")
    light = colours(page)

    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Dark").click()

    dark = colours(page)
    assert dark[0] == TRAIN
    assert set(dark[:8]) != set(light[:8])


def test_chart_writes_numbers_as_the_page_does(browser: Browser, site: str) -> None:
    grow(*SIZES)
    page = browser.new_context(locale="de-DE").new_page()
    begin(page, site, "/batches/")
    colours(page)

    assert page.evaluate("Chart.getChart('growth-chart').options.locale") == "de"
    expect(page.get_by_text("5.591").first).to_be_visible()
    page.context.close()


def test_bar_of_the_next_version_stands_on_the_newest_whole_one(page: Page, site: str) -> None:
    batches = grow(100)
    factories.make_batch("kling", num_train=7, filters={"labels": ["KLING"]})
    keep_figures(batches[0], 50)

    begin(page, site, "/batches/")
    colours(page)

    assert page.evaluate("Chart.getChart('growth-chart').options.scales.y.max") == 150


def test_bar_leads_to_its_batch(page: Page, site: str) -> None:
    grow(100, 200)
    begin(page, site, "/batches/")
    box = page.locator("#growth-chart[data-is-drawn]").bounding_box()
    assert box is not None

    page.mouse.click(box["x"] + 60 + 1.5 * (box["width"] - 60) / 8, box["y"] + box["height"] - 60)

    expect(page).to_have_url(f"{site}/batches/v5.1/")


def test_one_batch_is_a_chart_too(page: Page, site: str) -> None:
    grow(40)

    begin(page, site, "/batches/")

    assert TRAIN in colours(page)
    expect(page.get_by_role("link", name="40 videos in v5.0")).to_be_visible()


def test_page_tells_all_without_scripts(browser: Browser, site: str) -> None:
    grow(100, 200)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()

    begin(page, site, "/batches/")

    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="v5.1", exact=True))
    expect(row.get_by_role("cell").nth(3)).to_have_text("200")
    page.get_by_role("button", name="Export v5.2").click()
    expect(page.get_by_text("The export has begun.")).to_be_visible()
    context.close()


def test_export_that_fails_says_why(page: Page, site: str) -> None:
    grow(100)
    begin(page, site, "/batches/")

    page.get_by_role("button", name="Export v5.1").click()
    expect(page.get_by_text("Waiting for a worker to export v5.1")).to_be_visible()
    tasks.export_batch(ExportJob.objects.get().pk)

    expect(page.get_by_role("alert")).to_contain_text("No video is settled yet")
    expect(page.get_by_role("button", name="Export v5.1")).to_be_visible()


def test_export_is_stopped_from_the_page(page: Page, site: str, picture: Picture) -> None:
    grow(100)
    begin(page, site, "/batches/")
    page.get_by_role("button", name="Export v5.1").click()
    expect(page.get_by_text("Waiting for a worker to export v5.1")).to_be_visible()
    picture(page, "batches-exporting")

    page.get_by_role("button", name="Stop").click()

    expect(page.get_by_text("The export was stopped. Nothing was exported")).to_be_visible()
    expect(page.get_by_role("button", name="Export v5.1")).to_be_visible()


def test_export_that_succeeds_lets_the_page_grow(page: Page, site: str) -> None:
    factories.make_settlement(make_filed_video(), sora=True)
    begin(page, site, "/batches/")

    page.get_by_role("button", name="Export v5.0").click()
    expect(page.get_by_text("Waiting for a worker to export v5.0")).to_be_visible()
    tasks.export_batch(ExportJob.objects.get().pk)

    expect(page.get_by_text("v5.0 is exported")).to_be_visible()
    expect(page.get_by_role("link", name="1 video in v5.0")).to_be_visible()
    assert TRAIN in colours(page)


def test_run_is_followed_while_it_trains(page: Page, site: str) -> None:
    [batch] = grow(100)
    lease = timezone.now() + timedelta(minutes=5)
    run = factories.make_run(batch, state="running", lease_until=lease, step=10, eta_seconds=300)
    begin(page, site, "/batches/v5.0/")
    expect(page.get_by_text("Training, 5 min left")).to_be_visible()

    TrainingRun.objects.filter(pk=run.pk).update(state="done", step=100, loss_first=0.7, loss_last=0.2)

    expect(page.locator("#runs").get_by_text("Done")).to_be_visible()
    expect(page.locator("#runs")).not_to_have_attribute("hx-get", re.compile("."))


def test_click_on_a_score_goes_there_in_the_clip(page: Page, site: str, stock: Stock) -> None:
    [video] = stock(1)
    suggest(factories.make_model("v5.1"), video, SCORES, AI_GEN=0.87)
    begin(page, site, f"/videos/{video.pk}/")

    page.get_by_role("button", name="93% at 00:01.5").click()

    expect(page.locator("#clip")).to_have_js_property("currentTime", 1.5)


def test_pasted_links_come_in_before_the_reader_s_eyes(page: Page, site: str) -> None:
    begin(page, site, "/collect/", role="labeler")

    page.get_by_label("Links to posts").fill("https://x.com/a/status/1234567890\nhttps://example.com/")
    page.get_by_role("button", name="Collect").click()
    page.get_by_role("link", name="https://x.com/a/status/1234567890").click()
    expect(page.get_by_text("Waiting to be collected")).to_be_visible()
    video = factories.make_video(post=Post.objects.get())
    CollectJob.objects.update(state="done")
    Post.objects.update(collected_at=timezone.now(), text="A cake, sliced")

    expect(page.get_by_text("Stored", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Video 1")).to_have_attribute("href", f"/videos/{video.pk}/")


def test_what_is_tapped_is_large_enough_for_a_finger(page: Page, site: str, picture: Picture) -> None:
    grow(*SIZES)
    page.set_viewport_size({"width": 390, "height": 900})
    begin(page, site, "/batches/")
    page.evaluate(WITH_A_FINGER)

    page.get_by_text("Choose what goes in").click()
    picture(page, "batches-phone")
    found = {
        selector: page.locator(selector).first.evaluate("part => part.getBoundingClientRect().height")
        for selector in (
            ".export-filters summary",
            ".ticks label",
            ".figures td.num a",
            ".fact-lists td.num a",
        )
    }

    assert {selector: height for selector, height in found.items() if height < 44} == {}


@THEMES
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_are_accessible(page: Page, site: str, stock: Stock, theme: str, width: int) -> None:
    paths = [
        *everything(stock),
        "/batches/v5.7/videos/",
        "/batches/",
        "/models/",
        "/posts/",
        "/videos/",
        "/collect/",
    ]
    page.set_viewport_size({"width": width, "height": 900})
    begin(page, site, "/collect/", theme=theme)

    found = {}
    for path in paths:
        page.goto(f"{site}{path}")
        found[path] = violations(page)
        assert page.locator("body").evaluate("body => body.scrollWidth") <= width, path

    assert found == {path: [] for path in paths}


@THEMES
@pytest.mark.parametrize("path", ["/batches/", "/models/", "/posts/", "/videos/"])
def test_empty_pages_are_accessible(page: Page, site: str, theme: str, path: str) -> None:
    begin(page, site, path, theme=theme)

    assert violations(page) == []


def everything(stock: Stock) -> list[str]:
    """Fill the tables, and return the pages of one batch, model, post and video."""
    video, other = stock(2)
    batches = grow(*SIZES)
    bea = factories.make_user("bea")
    answer = factories.make_annotation(video, bea, veo=True, note="Its shadows.", seconds=9)
    factories.make_evidence(answer, Label.VEO, quote="Veo 3", at_seconds=1)
    factories.make_settlement(video, veo=True, annotations=[answer])
    model = factories.make_model("v5.1", batch_digest=batches[-1].digest, metrics=METRICS)
    suggest(model, video, SCORES, AI_GEN=0.87, VEO=0.72)
    factories.make_variant(other, is_stored=False, state="failed", failure_message="The file is gone.")
    factories.make_job(state="failed", post=factories.make_post(collected_at=None, failure_kind="protected"))
    lease = timezone.now() + timedelta(minutes=5)
    factories.make_run(batches[-1], state="running", lease_until=lease, step=10, eta_seconds=300)
    return ["/batches/v5.7/", "/models/v5.1/", f"/posts/{other.post.pk}/", f"/videos/{video.pk}/"]


MEASURED = {
    "positives": 40,
    "negatives": 60,
    "auc": 0.91,
    "auc_interval": [0.86, 0.95],
    "ap": 0.88,
    "ap_interval": [0.8, 0.93],
    "at_half": {"threshold": 0.5, "precision": 0.8, "recall": 0.7},
    "at_chosen": {"threshold": 0.41, "precision": 0.78, "recall": 0.8},
    "reason": None,
}
UNMEASURED = {"positives": 0, "negatives": 100, "auc": None, "reason": "no video with it"}
METRICS = {
    "batch": "v5.7",
    "evaluation": {
        "test": {"num_videos": 100, "labels": {"AI_GEN": MEASURED, "VEO": MEASURED, "VIDU": UNMEASURED}},
        "baseline": {"auc": 0.66, "auc_interval": [0.6, 0.71], "reason": None},
    },
}


@pytest.mark.parametrize(("name", "theme"), [("batches", "light"), ("batches-dark", "dark")])
def test_picture_of_the_growth_page(page: Page, site: str, picture: Picture, name: str, theme: str) -> None:
    batches = grow(*SIZES)
    for number in (4, 6, 7):
        factories.make_model(
            f"v5-{number}-v5-1", batch_digest=batches[number].digest, metrics={"auc": 0.8 + number / 50}
        )
    settle_many(418)
    keep_figures(batches[-1], 418, "ben", "cleo", "dana", num_anew=2)
    begin(page, site, "/batches/", theme=theme)
    colours(page)

    picture(page, name)

    assert page.locator("body").evaluate("body => body.scrollWidth") <= 1440
