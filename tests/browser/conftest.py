"""A served app with clips in it, for tests in a real browser."""

import os
import struct
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from cakelens.labels import V5_LABELS
from inference.models import ModelVersion, Prediction
from labeling import storage
from labeling.collecting.probe import Probe, make_poster, probe
from labeling.models import Video
from tests import factories

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

ROOT = Path(__file__).resolve().parents[2]
REAL_CLIPS = ROOT.parent / "shared" / "videos"
PASSWORD = "correct horse battery"

Stock = Callable[[int], list[Video]]
Picture = Callable[["Page", str], None]


@pytest.fixture
def site(settings: Settings, live_server: "LiveServer") -> str:
    """The app's address, as a browser reaches it."""
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher"
    ]  # the others are slow on purpose
    settings.MEDIA_URL = "/not-media/"  # the live server would take it over, without byte ranges
    return str(live_server.url)


@pytest.fixture
def page(page: "Page") -> "Iterator[Page]":
    """The strict page; the server is at rest when the database is emptied after the test."""
    yield page
    let_rest(page)


def let_rest(page: "Page") -> None:
    """Wait until the labeling screen, if it is there, has got what it asked for."""
    page.locator("#reel[data-asking]").wait_for(state="detached")


@pytest.fixture
def stock(site: str, clip: Callable[..., Path]) -> Stock:
    """`stock(3)` makes three clips to label, in this order, none of them blind."""

    def make(number: int) -> list[Video]:
        paths = [clip(seed=seed, num_frames=72, width=320, height=180, fps=24) for seed in range(number)]
        return [_stored(path, place) for place, path in enumerate(paths)]

    return make


@pytest.fixture
def real_stock(stock: Stock) -> Stock:
    """The same with real clips, where there are some."""
    paths = sorted(REAL_CLIPS.glob("*.mp4")) if REAL_CLIPS.is_dir() else []
    if not paths:
        return stock
    return lambda number: [_stored(path, place) for place, path in enumerate(paths[:number])]


def _stored(path: Path, place: int) -> Video:
    post = factories.make_post(
        author_handle="nightkitchen",
        text="Text to video, one prompt, no edits. Not far from Veo 3 any more.",
        posted_at=timezone.now() - timedelta(days=3 + place),
    )
    found, poster = _looked_at(path)
    stored = storage.store_file(path, ".mp4")
    video = factories.make_video(
        post=post,
        priority=-place,
        duration_seconds=found.duration_seconds,
        poster_name=storage.store_bytes(poster, ".jpg", folder="posters").name,
    )
    video.variants.update(
        sha256=stored.sha256,
        name=stored.name,
        width=found.width,
        height=found.height,
        fps=found.fps,
        duration_seconds=found.duration_seconds,
    )
    return video


@cache
def _looked_at(path: Path) -> tuple[Probe, bytes]:
    return probe(path), make_poster(path)


def suggest(model: ModelVersion, video: Video, scores: Sequence[float], **probabilities: float) -> Prediction:
    """Let `model` say `probabilities` of `video`: it saw framesets of these AI_GEN scores, evenly spread."""
    told = dict.fromkeys(map(str, V5_LABELS), 0.03) | probabilities
    prediction = factories.make_prediction(
        video, model, ai_gen=told["AI_GEN"], probabilities=told, num_framesets=len(scores)
    )
    rows = [score if label == "AI_GEN" else 0.0 for score in scores for label in V5_LABELS]
    starts = [place * (video.duration_seconds or 1) / len(scores) for place in range(len(scores))]
    factories.make_scores(
        prediction, struct.pack(f"<{len(rows)}e", *rows), struct.pack(f"<{len(starts)}f", *starts)
    )
    return prediction


def log_in(page: "Page", site: str, username: str) -> None:
    """Log in by keyboard, and be where the app brings this person."""
    page.goto(f"{site}/login/")
    page.get_by_label("Username").focus()
    page.keyboard.type(username)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login/" not in url)


def be(page: "Page", site: str, user: "User") -> None:
    """Let the page's browser be logged in as `user`, without the login page."""
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])


@pytest.fixture
def picture() -> Picture:
    """`picture(page, name)` keeps what a page looks like: for the docs if UPDATE_PICTURES=1, else for CI."""
    folder = ROOT / ("docs/images" if os.environ.get("UPDATE_PICTURES") == "1" else "var/pictures")
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: "Page", name: str) -> None:
        # With the caret hidden, Playwright leaves style="" on every input, and HTMX would carry it over.
        page.screenshot(path=str(folder / f"{name}.png"), caret="initial")

    return take
