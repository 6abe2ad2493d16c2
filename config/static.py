"""Static files, served around the application: a request for one never enters Django."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from servestatic import ServeStatic

Application = Callable[..., Iterable[bytes]]


def with_static_files(application: Application) -> ServeStatic:
    """Serve every app's static folder under STATIC_URL, and the rest by `application`.

    Around the application, not as middleware: ServeStatic's middleware is asynchronous, and under WSGI each
    request would cross to another thread and back.
    """
    files = ServeStatic(
        application,
        max_age=settings.STATIC_MAX_AGE_SECONDS,
        allow_all_origins=False,
        autorefresh=settings.DEBUG,
    )
    # The finder's first folder wins, as in collectstatic; here the last one added does.
    for folder in reversed(list(_folders())):
        files.add_files(folder, prefix=settings.STATIC_URL)
    return files


def _folders() -> Iterable[Path]:
    for finder in get_finders():
        storages: dict[Any, Any] = getattr(finder, "storages", {})
        for storage in storages.values():
            if (folder := Path(storage.location)).is_dir():
                yield folder
