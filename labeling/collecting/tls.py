"""Which authorities are trusted: certifi's, the system's, and those of `X_CA_FILE`."""

import ssl
from collections.abc import Callable
from pathlib import Path

from labeling.collecting.errors import NetworkError

_contexts: dict[object, ssl.SSLContext] = {}


def shared_context(ca_file: str, make: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """Return one context for all threads, made by `make`: reading the authorities takes 125 ms."""
    key = (ca_file, changed_at(ca_file))
    if key not in _contexts:
        context = make()
        context.load_default_certs()
        if ca_file:
            context.load_verify_locations(ca_file)
        _contexts[key] = context
    return _contexts[key]


def check_ca_file(file: str) -> None:
    """Let a readable file, or none, pass.

    Raises:
        NetworkError: `file` holds no certificate.
    """
    if not file:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except OSError as exc:
        raise NetworkError(f"X_CA_FILE {file} is no readable PEM bundle: {exc.strerror or exc}.") from exc


def changed_at(file: str) -> float | None:
    """Return when `file` was written last; None if there is none: reading it says what is wrong."""
    try:
        return Path(file).stat().st_mtime if file else None
    except OSError:
        return None
