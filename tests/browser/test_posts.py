"""The list of posts in a real browser: narrowed, watched, stopped, tried again."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from jobs.models import LEASE
from labeling.models import CollectJob, Post, VariantJob
from tests import factories
from tests.browser.axe import violations
from tests.browser.conftest import Picture, Stock, be

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

THEMES = pytest.mark.parametrize("theme", ["light", "dark"])


@pytest.fixture
def here(page: Page, site: str) -> Page:
    """The page, where somebody is logged in who may collect."""
    be(page, site, factories.make_user("ana"))
    return page


def rows(page: Page) -> Locator:
    return page.locator("#post-rows tr")


def failed_post(text: str = "") -> Post:
    told = "Protected. Set X_COOKIES_FILE, then retry."
    post = factories.make_post(text=text, collected_at=None, failure_kind="protected", failure_message=told)
    factories.make_job(post=post, state="failed", failure_kind="protected")
    return post


def downloading_post() -> VariantJob:
    """A post of which one variant is stored, and half of another."""
    post = factories.make_post(text="A cake on a hill, six seconds")
    factories.make_job(post=post, state="done")
    variant = factories.make_variant(factories.make_video(post=post), is_stored=False)
    lease = {"owner": "a", "lease_until": timezone.now() + LEASE}
    job: VariantJob = VariantJob.objects.create(variant=variant, state="running", progress=0.5, **lease)
    return job


@THEMES
def test_list_can_be_read_by_everybody(
    here: Page, site: str, theme: str, real_stock: Stock, picture: Picture
) -> None:
    here.context.add_cookies([{"name": "theme", "value": theme, "url": site}])
    factories.make_settlement(real_stock(3)[0], sora=True)
    downloading_post()
    failed_post("Behind the scenes")
    factories.make_post(text="Gone since", deleted_on_x_at=timezone.now() - timedelta(days=1))

    here.goto(f"{site}/posts/")

    expect(rows(here)).to_have_count(6)
    picture(here, f"posts-{theme}")
    assert violations(here) == []


@THEMES
def test_post_can_be_read_by_everybody(
    here: Page, site: str, theme: str, real_stock: Stock, picture: Picture
) -> None:
    here.context.add_cookies([{"name": "theme", "value": theme, "url": site}])
    post = real_stock(1)[0].post

    here.goto(f"{site}{post.get_absolute_url()}")

    picture(here, f"post-{theme}")
    assert violations(here) == []


def test_download_is_watched_until_it_is_there(here: Page, site: str) -> None:
    job = downloading_post()
    here.goto(f"{site}/posts/")
    expect(here.get_by_role("progressbar", name="Stored")).to_have_attribute("value", "0.75")

    stored = factories.make_variant(job.variant.video)
    VariantJob.objects.update(variant=stored, state="done")
    job.variant.delete()

    expect(rows(here).first).to_contain_text("Stored")
    expect(here.get_by_role("progressbar")).to_have_count(0)


def test_list_is_narrowed_by_what_is_chosen(here: Page, site: str) -> None:
    factories.make_settlement(factories.make_video(post=factories.make_post(text="Made")), sora=True)
    factories.make_settlement(factories.make_video(post=factories.make_post(text="Filmed")), ai_gen=False)
    here.goto(f"{site}/posts/")

    here.get_by_label("Label").select_option("SORA")
    here.get_by_role("button", name="Show", exact=True).click()

    expect(rows(here)).to_have_count(1)
    expect(rows(here)).to_contain_text("Made")
    expect(here.get_by_label("Label")).to_have_value("SORA")


def test_all_that_failed_is_tried_again(here: Page, site: str) -> None:
    failed_post()
    failed_post()
    factories.make_post()
    here.goto(f"{site}/posts/")
    here.get_by_label("State").select_option("failed")
    here.get_by_role("button", name="Show", exact=True).click()

    here.get_by_role("button", name="Try all 2 again").click()

    expect(here.get_by_text("2 requests and downloads are queued again.")).to_be_visible()
    assert CollectJob.objects.unfinished().count() == 2
    assert Post.objects.waiting().count() == 2


def test_all_that_waits_is_stopped(here: Page, site: str) -> None:
    factories.make_job()
    factories.make_job()

    here.goto(f"{site}/posts/?state=waiting")
    here.get_by_role("button", name="Stop all 2").click()

    expect(here.get_by_text("2 requests and downloads are stopped")).to_be_visible()
    assert not Post.objects.waiting().exists()


def test_one_post_is_stopped_and_goes_on(here: Page, site: str) -> None:
    post = factories.make_job().post
    here.goto(f"{site}{post.get_absolute_url()}")

    here.get_by_role("button", name="Stop").click()
    expect(here.locator("#collecting [role=status]")).to_have_text("Cancelled")
    here.get_by_role("button", name="Try again").click()

    expect(here.locator("#collecting [role=status]")).to_have_text("Waiting to be collected")
