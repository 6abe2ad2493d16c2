"""Static files around the application, as gunicorn and `manage.py up` serve them."""

from wsgiref.util import setup_testing_defaults

import pytest

from config.static import with_static_files


def passed_on(environ: dict[str, object], start_response: object) -> list[bytes]:
    return [b"from Django"]


def start(status: str, headers: object, exc_info: object = None) -> None:
    """Begin an answer, as a server does."""


def get(path: str) -> bytes:
    environ: dict[str, object] = {"PATH_INFO": path}
    setup_testing_defaults(environ)
    answer = with_static_files(passed_on)(environ, start)
    body = b"".join(answer)
    getattr(answer, "close", lambda: None)()
    return body


@pytest.mark.parametrize(
    "path", ["/static/css/cakelens.css", "/static/admin/css/base.css", "/static/django_htmx/htmx-2.min.js"]
)
def test_file_of_any_app_is_served(path: str) -> None:
    assert len(get(path)) > 1000


def test_every_other_path_goes_to_django() -> None:
    assert get("/label/") == b"from Django"
