"""Review, team and bulk edits in a real browser: by keyboard, in both themes, on a phone."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from cakelens.labels import Label
from labeling import settling
from labeling.models import GoldAnswer, Post, Preferences, ReviewOutcome, Settlement, Video
from tests import factories
from tests.browser.axe import violations
from tests.browser.conftest import Picture, Stock, be, suggest
from tests.factories import make_annotation, make_model, make_settlement, make_user

if TYPE_CHECKING:
    from django.contrib.auth.models import User

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

THEMES = pytest.mark.parametrize("theme", ["light", "dark"])
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def footage(stock: Stock) -> list[Video]:
    """A disputed clip, one that a model contradicts, and a settled one that is gold and was asked about."""
    disputed, contradicted, gold = stock(3)
    ana, ben = make_user("ana"), make_user("ben")
    said = make_annotation(disputed, ana, sora=True, seconds=4.2)
    factories.make_evidence(said, Label.SORA, quote="Made with Sora", kind="author", at_seconds=1.5)
    make_annotation(disputed, ben, ai_gen=False, note="Shot on film, I think.", seconds=6.1)
    settling.settle(disputed)
    wrong = make_annotation(contradicted, ana, ai_gen=False, seconds=2.5)
    make_settlement(contradicted, ai_gen=False, method="single", annotations=[wrong])
    suggest(make_model("tiny-1"), contradicted, [0.9, 0.97], AI_GEN=0.97)
    make_settlement(gold, veo=True)
    GoldAnswer.objects.create(video=gold, added_by=ben, ai_gen=True, veo=True)
    make_annotation(gold, ana, veo=True, picked_by="gold", question="Is a face swap AI_GEN?", seconds=3)
    return [disputed, contradicted, gold]


def begin(page: Page, site: str, path: str, *, theme: str = "light") -> "User":
    rob = make_user("rob", role="admin")
    be(page, site, rob)
    page.context.add_cookies([{"name": "theme", "value": theme, "url": site}])
    page.goto(f"{site}{path}")
    return rob


PAGES: dict[str, Callable[[list[Video]], str]] = {
    "review": lambda videos: "/review/",
    "review-video": lambda videos: f"/review/videos/{videos[0].pk}/",
    "review-model": lambda videos: "/review/models/tiny-1/",
    "review-agreement": lambda videos: "/review/agreement/",
    "team": lambda videos: "/team/",
    "person": lambda videos: f"/team/{videos[0].annotations.earliest('pk').labeler_id}/",
    "videos": lambda videos: "/videos/?state=settled&least=10",
    "video": lambda videos: f"/videos/{videos[0].pk}/",
    "bulk-edit": lambda videos: f"/videos/edit/?video={videos[0].pk}&AI_GEN=no&preview=1",
    "bulk-edits": lambda videos: "/videos/edits/",
}


@THEMES
@pytest.mark.parametrize("name", PAGES)
def test_page_has_no_violation(
    name: str, theme: str, page: Page, site: str, footage: list[Video], picture: Picture
) -> None:
    begin(page, site, PAGES[name](footage), theme=theme)

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert violations(page) == []
    picture(page, f"{name}-{theme}")


@pytest.mark.parametrize("name", PAGES)
def test_page_fits_a_phone(name: str, page: Page, site: str, footage: list[Video], picture: Picture) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]

    begin(page, site, PAGES[name](footage))

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    picture(page, f"{name}-phone")


def test_dispute_is_decided_by_keyboard(page: Page, site: str, footage: list[Video]) -> None:
    begin(page, site, f"/review/videos/{footage[0].pk}/")

    for key in ("y", "9", "z", "Enter"):
        page.keyboard.press(key)

    expect(page.get_by_text("Your decision counts now.")).to_be_visible()
    decided = Settlement.objects.standing().get(video=footage[0])
    assert (decided.method, decided.ai_gen, decided.sora) == ("adjudicated", True, True)


def test_contradiction_is_judged_blind_by_keyboard(page: Page, site: str, footage: list[Video]) -> None:
    begin(page, site, "/review/models/tiny-1/")

    for key in ("y", "b", "Enter"):
        page.keyboard.press(key)

    expect(page.get_by_role("heading", name="The people were wrong")).to_be_visible()
    expect(page.get_by_text("97%")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing is left to judge")).to_be_visible()
    assert ReviewOutcome.objects.get().finding == "human_wrong"


def test_reviewer_decides_with_their_own_keys(page: Page, site: str, footage: list[Video]) -> None:
    rob = begin(page, site, "/review/")
    Preferences.objects.create(user=rob, keymap={"NOT_AI": ";", "next": "insert"})
    page.goto(f"{site}/review/videos/{footage[0].pk}/")

    page.keyboard.press(";")
    page.keyboard.press("Insert")

    expect(page.get_by_text("Your decision counts now.")).to_be_visible()
    assert Settlement.objects.standing().get(video=footage[0]).ai_gen is False


def test_shift_ticks_all_up_to_here(page: Page, site: str, stock: Stock) -> None:
    stock(5)
    begin(page, site, "/videos/")
    boxes = page.get_by_role("checkbox")

    boxes.nth(1).click()
    boxes.nth(3).click(modifiers=["Shift"])

    assert [box.is_checked() for box in boxes.all()] == [False, True, True, True, False]
    expect(page.get_by_text("3 ticked")).to_be_visible()


def test_ticked_videos_are_edited_and_taken_back(page: Page, site: str, footage: list[Video]) -> None:
    begin(page, site, "/videos/")

    page.get_by_role("checkbox", name=f"Tick video {footage[0].key}").check()
    page.get_by_role("button", name="Edit the ticked").click()
    page.get_by_label("AI_GEN").select_option("no")
    page.get_by_role("button", name="Show what this changes").click()
    page.get_by_role("button", name="Change 1 video").click()
    expect(page.get_by_text("Videos changed: 1.")).to_be_visible()
    page.get_by_role("button", name="Take back 1").click()

    expect(page.get_by_text("taken back by rob")).to_be_visible()
    assert not Settlement.objects.standing().filter(video=footage[0]).exists()


def test_sensitive_clip_is_shown_when_it_is_asked_for(page: Page, site: str, stock: Stock) -> None:
    [video] = stock(1)
    Post.objects.update(is_sensitive=True)
    cover = page.get_by_text("X marks this post as sensitive.")

    begin(page, site, f"/videos/{video.pk}/")
    page.get_by_role("link", name="Show it").click()
    expect(cover).to_be_hidden()
    page.goto(f"{site}/review/videos/{video.pk}/")
    expect(cover).to_be_visible()
    page.keyboard.press("h")

    expect(cover).to_be_hidden()
