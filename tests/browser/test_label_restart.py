"""`kill -9` of the server between Enter and the answer's arrival: after a new start it is there, once."""

import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.screen import press
from tests.embedded.process import Up

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
def up(tmp_path: Path, clip: Callable[..., Path]) -> Iterator[Up]:
    """The app as one process of its own, with three clips to label."""
    up = Up(tmp_path / "var")
    clips = tmp_path / "clips"
    clips.mkdir()
    for seed in range(3):
        (clips / f"{seed}.mp4").hardlink_to(clip(seed=seed, num_frames=72, width=320, height=180, fps=24))
    up.start()
    imported = up.manage("import_videos", str(clips))
    assert imported.returncode == 0, imported.stderr
    yield up
    if up.process.poll() is None:
        up.interrupt()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that a dead server may not trouble."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def begin(page: Page, up: Up) -> None:
    page.goto(f"http://127.0.0.1:{up.port}/login/?next=/label/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", (up.var_dir / "admin-password").read_text().strip())
    press(page, "Enter")
    expect(page.locator(".transport")).to_be_visible()


def rows(up: Up, query: str) -> list[Any]:
    with closing(sqlite3.connect(up.var_dir / "cakelens.sqlite3", timeout=20)) as database:
        return database.execute(query).fetchall()


def test_answer_survives_a_server_that_is_killed_before_it_arrives(page: Page, up: Up) -> None:
    begin(page, up)
    up.process.send_signal(signal.SIGSTOP)  # it takes the request, and does nothing with it

    press(page, "7", "b", "Enter")
    expect(page.locator("#saved")).to_have_text("saving…")
    up.kill()
    expect(page.locator("#saved")).to_have_text("no connection: 1 answer kept here")
    up.start()

    expect(page.locator("#saved")).to_have_text("saved", timeout=60_000)
    assert rows(up, "SELECT outcome, ai_gen, veo FROM labeling_annotation") == [("labeled", 1, 1)]
    press(page, "n", "Enter")
    expect(page.locator("#facts")).to_contain_text("2 today")


def test_answer_survives_a_reload_while_the_server_is_dead(page: Page, up: Up) -> None:
    begin(page, up)
    up.kill()
    press(page, "n", "Enter", "n", "Enter")
    expect(page.locator("#saved")).to_have_text("no connection: 2 answers kept here")
    up.start()

    page.reload()

    expect(page.locator("#saved")).to_have_text("saved", timeout=60_000)
    assert rows(up, "SELECT ai_gen FROM labeling_annotation") == [(0,), (0,)]
