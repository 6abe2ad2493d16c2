"""From Enter to the first frame of the next clip, in a real Chromium on a running `manage.py up`.

The clock starts at the key's own timestamp and stops when the frame is expected on the screen
(requestVideoFrameCallback). Beside it, in the same run: what a key that only turns a label on takes until the
browser has drawn, and Enter over a slower network, with the next clip loaded ahead and without.
"""

import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.embedded.process import Up

CLIPS = 90
PAUSE_MS = 600
"""A quick labeler; the next clip loads meanwhile."""

WATCH = """() => {
  window.times = [];
  let pressed = 0;
  const note = (moment) => window.times.push(moment - pressed);
  addEventListener("keydown", (event) => {
    pressed = event.timeStamp;
    if (event.key === "a") requestAnimationFrame(() => requestAnimationFrame(note));
  }, true);
  document.addEventListener("clip:shown", () => {
    const clip = document.querySelector(".stage .clip");
    clip.requestVideoFrameCallback((_, frame) => note(frame.expectedDisplayTime));
  });
}"""
UNLOAD = """() => {
  const clip = document.querySelector("#wings video");
  const { src } = clip;
  clip.removeAttribute("src");
  clip.load();
  clip.src = src;
  clip.preload = "none";
}"""


def main() -> None:
    from bench._setup import machine

    with tempfile.TemporaryDirectory(prefix="cakelens-bench-") as folder, served(Path(folder)) as up:
        print(machine())
        print(f"{'':28} {'times':>6} {'median ms':>10} {'p95 ms':>8} {'longest':>8}")
        for name, times in measured(up):
            times.sort()
            p95 = times[int(len(times) * 0.95)]
            print(
                f"{name:28} {len(times):>6} {statistics.median(times):>10.0f} {p95:>8.0f} {times[-1]:>8.0f}"
            )


@contextmanager
def served(folder: Path) -> "Iterator[Up]":
    """Run the app on clips of 1280×720 at 24 frames a second."""
    from tests.clips import make_clip
    from tests.embedded.process import Up

    clips = folder / "clips"
    clips.mkdir()
    for seed in range(CLIPS):
        make_clip(clips / f"{seed:03}.mp4", num_frames=72, width=1280, height=720, fps=24, seed=seed)
    up = Up(folder / "var")
    up.start()
    imported = up.manage("import_videos", str(clips))
    if imported.returncode:
        raise SystemExit(imported.stderr)
    try:
        yield up
    finally:
        up.interrupt()


def measured(up: "Up") -> Iterator[tuple[str, list[float]]]:
    from playwright.sync_api import sync_playwright

    from tests.conftest import CHROMIUM_FLAGS

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(CHROMIUM_FLAGS))
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        log_in(page, up)
        page.evaluate(WATCH)
        yield "a label's key, until drawn", pressed(page, "a", times=20)
        yield "Enter, next clip loaded", pressed(page, "n", "Enter", times=40)
        put_away(page)
        yield "the same, server 100 ms away", pressed(page, "n", "Enter", times=20)
        yield "and the clip not loaded", pressed(page, "n", "Enter", times=10, before=UNLOAD)
        browser.close()


def log_in(page: "Page", up: "Up") -> None:
    page.goto(f"http://127.0.0.1:{up.port}/login/?next=/label/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", up.printed_password())
    page.click("main button[type=submit]")
    page.wait_for_selector(".transport:not([hidden])")
    page.wait_for_timeout(2000)


def put_away(page: "Page") -> None:
    """Let every request wait 100 ms, and nothing come from the browser's cache."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 100, "downloadThroughput": 5e6, "uploadThroughput": 5e6},
    )


def pressed(page: "Page", *keys: str, times: int, before: str = "") -> list[float]:
    """Press `keys` so many times, and return what the page noted, in milliseconds."""
    page.evaluate("() => { window.times.length = 0; }")
    for count in range(times):
        if before:
            page.evaluate(before)
        for key in keys:
            page.keyboard.press(key)
        page.wait_for_function("count => window.times.length > count", arg=count)
        page.wait_for_timeout(PAUSE_MS)
    return list(page.evaluate("() => window.times"))


if __name__ == "__main__":
    main()
