"""A secret key that makes itself, for installations where nobody set one."""

import os
import secrets
from pathlib import Path

from config.places import writable


def local_secret_key(var_dir: Path) -> str:
    """Return the key kept in `var_dir`, making it on first use.

    Raises:
        ImproperlyConfigured: `var_dir` cannot be written.
    """
    path = writable(var_dir) / "secret_key"
    if not path.exists():
        _write_once(path, secrets.token_urlsafe(50))
    return path.read_text().strip()


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
