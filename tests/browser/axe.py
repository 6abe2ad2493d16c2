"""What axe says of a page."""

from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page


def violations(page: "Page") -> list[str]:
    """Return what axe finds wrong, seriously or worse, on the page as it is."""
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in _looked_at(page)["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def unreadable(page: "Page") -> list[str]:
    """Return what cannot be read on its ground: of 1:1 axe is only unsure."""
    seen = _looked_at(page)
    return [
        f"{node['target']} {check['message']}"
        for each in (*seen["violations"], *seen["incomplete"])
        if each["id"] == "color-contrast"
        for node in each["nodes"]
        for check in node["any"]
        if each in seen["violations"] or check["data"].get("messageKey") == "equalRatio"
    ]


def _looked_at(page: "Page") -> dict[str, Any]:
    # Preloading takes an @import for an address beside the page, not beside its stylesheet.
    response: dict[str, Any] = Axe().run(page, options={"preload": False}).response
    return response
