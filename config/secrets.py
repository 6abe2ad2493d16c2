"""A secret key that makes itself, for installations where nobody set one."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def local_secret_key(var_dir: Path) -> str:
    """Return the key kept in `var_dir`, making it on first use.

    Raises:
        ImproperlyConfigured: `var_dir` cannot be written.
    """
    path = var_dir / "secret_key"
    try:
        var_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _write_once(path, secrets.token_urlsafe(50))
        return path.read_text().strip()
    except OSError as exc:
        raise ImproperlyConfigured(
            f"Cannot write to {var_dir} ({exc.strerror}). Give this user write permission there, "
            "or set VAR_DIR to a folder that it may write."
        ) from exc


def _write_once(path: Path, text: str) -> None:
    """Write `text` to `path` unless another process was first: `link` fails where a file is."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.touch(mode=0o600)
    temporary.write_text(text)
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
