"""Names of batches: parts of addresses and of file names. Loads no Django."""

import re

SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")

OURS = {
    "by-digest": "/batches/by-digest/ leads to batches by their digests",
    "growth.csv": "/batches/growth.csv is what the charts of growth show",
    "pace.csv": "/batches/pace.csv is what the chart of the pace shows",
    "incoming": "what is not whole yet is kept under that name",
}
"""Names that no batch may have, and why."""


def problem(slug: str) -> str:
    """Say why no batch may be called so; nothing if one may."""
    if not SLUG.fullmatch(slug):
        return (
            f"{slug!r} is no batch name. Use letters, digits, '.', '-' and '_', a letter or digit first, "
            "40 characters at most, such as v5.1."
        )
    # Some disks take `Incoming` for `incoming`.
    if why := OURS.get(slug.lower()):
        return f"No batch can be called {slug}: {why}. Choose another name, such as v5.1."
    return ""
