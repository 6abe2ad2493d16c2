"""Where the app keeps what it writes."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

DATABASE = "cakelens.sqlite3"


def default_var_dir(base: Path) -> Path:
    """Return `var`, or `var/demo` while the demo's data is the only data there is."""
    own, demo = base / "var", base / "var" / "demo"
    return demo if (demo / DATABASE).exists() and not (own / DATABASE).exists() else own


def writable(folder: Path) -> Path:
    """Return `folder`, made if need be.

    Raises:
        ImproperlyConfigured: It cannot be made, or not be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as exc:
        raise ImproperlyConfigured(
            f"Cannot write to {folder} ({exc.strerror}). Give this user write permission there, "
            "or set VAR_DIR to a folder that it may write."
        ) from exc
    return folder
