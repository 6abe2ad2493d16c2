"""Where the app keeps what it writes, if nobody says."""

from pathlib import Path

DATABASE = "cakelens.sqlite3"


def default_var_dir(base: Path) -> Path:
    """Return `var`, or `var/demo` while the demo's data is the only data there is."""
    own, demo = base / "var", base / "var" / "demo"
    return demo if (demo / DATABASE).exists() and not (own / DATABASE).exists() else own
