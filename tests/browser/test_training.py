"""Starting a run and reading what came of it, in a real browser."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.browser.axe import violations
from tests.browser.conftest import Picture, be
from training.models import TrainingRun

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

THEMES = pytest.mark.parametrize("theme", ["light", "dark"])
CURVE = {"stretch": 1, "points": [[step * 10, 0.2 + 0.5 * 0.97**step] for step in range(60)]}


def begin(page: Page, site: str, path: str, *, theme: str = "light") -> None:
    be(page, site, factories.make_user("ana", role="admin"))
    page.context.add_cookies([{"name": "theme", "value": theme, "url": site}])
    page.goto(f"{site}{path}")


def make_measured() -> None:
    """Make two models, the second measured beside the first."""
    auc: dict[str, Any] = {"auc": 0.931, "auc_interval": [0.9, 0.96]}
    part = auc | {
        "baseline_auc": 0.55,
        "positives": 120,
        "negatives": 210,
        "recall": 0.8,
        "false_alarms": 0.1,
    }
    pair = {
        "num_videos": 512,
        "auc_difference": 0.082,
        "auc_difference_interval": [0.03, 0.12],
        "only_ours_right": 61,
        "only_theirs_right": 22,
        "mcnemar_p": 0.00002,
    }
    measured = {
        "framesets": 8,
        "test": {
            "num_videos": 512,
            "labels": {"AI_GEN": auc},
            "slices": [
                part | {"kind": "generator", "name": "KLING"},
                part | {"kind": "generator", "name": "VEO", "auc": 0.71, "auc_interval": [0.62, 0.8]},
                part | {"kind": "resolution", "name": "480p"},
                {"kind": "author", "name": "not in training", "auc": None, "reason": "no video without it"},
            ],
        },
        "ladder": [{"quality": 28} | auc, {"quality": 44, "auc": 0.7, "auc_interval": [0.62, 0.78]}],
        "paired": {"v5-0-v5-1": pair},
    }
    factories.make_model("v5-0-v5-1")
    factories.make_model("v5-0-v6-1", metrics=auc | {"batch": "v5.0", "evaluations": {"v5.0": measured}})


@THEMES
def test_model_page_shows_versions_side_by_side(page: Page, site: str, theme: str, picture: Picture) -> None:
    make_measured()

    begin(page, site, "/models/v5-0-v6-1/", theme=theme)

    section = page.get_by_role("region", name="On the frozen test split of v5.0")
    expect(section.get_by_text("this one is better")).to_be_visible()
    picture(page, f"model-measured-{theme}")
    assert violations(page) == []


def test_model_page_fits_a_phone(page: Page, site: str, picture: Picture) -> None:
    make_measured()
    page.set_viewport_size({"width": 390, "height": 844})

    begin(page, site, "/models/v5-0-v6-1/")

    picture(page, "model-measured-phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@THEMES
def test_batch_page_shows_a_run_s_curve_and_starts_another(
    page: Page, site: str, theme: str, picture: Picture
) -> None:
    batch = factories.make_batch("v5.0")
    factories.make_run(
        batch,
        num_steps=1000,
        step=600,
        loss_first=0.7,
        loss_last=0.28,
        metrics={"curve": CURVE},
        state="done",
    )
    begin(page, site, "/batches/v5.0/", theme=theme)
    expect(page.get_by_role("img", name="Loss of run")).to_be_visible()

    page.get_by_text("Train on this batch").click()
    picture(page, f"batch-train-{theme}")
    assert violations(page) == []
    page.get_by_label("Epochs").fill("2")
    page.get_by_role("button", name="Train on v5.0").click()

    expect(page.get_by_text("waits for a worker on the queue train")).to_be_visible()
    run = TrainingRun.objects.order_by("-pk").first()
    assert run is not None
    assert (run.config["preset"], run.config["epochs"]) == ("v6", 2)
