"""What axe says of a page."""

from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page


def violations(page: "Page") -> list[str]:
    """Return what axe finds wrong, seriously or worse, on the page as it is."""
    # Preloading takes an @import for an address beside the page, not beside its stylesheet.
    found = Axe().run(page, options={"preload": False}).response["violations"]
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
