"""Fixtures for every test; CONTRIBUTING.md lists them."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from pytest_django import Settings

from tests import servers

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

# What a shell starts in the background ignores Ctrl-C, and would pass that on to what tests end by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is no finding: no test fails by how long an example took.
hypothesis.settings.register_profile(
    "cakelens", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("cakelens")

CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


@pytest.fixture(autouse=True)
def _media_root(tmp_path: Path, settings: Settings) -> None:
    """Let each test write media into a folder of its own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    default = {**settings.STORAGES["default"], "OPTIONS": {"location": settings.MEDIA_ROOT}}
    settings.STORAGES = {**settings.STORAGES, "default": default}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Test SQLite in a file, as the app has it: in memory there is no WAL, and threads share one lock."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("db") / "db.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """Let the flush after a transactional test empty what triggers guard; they stand in tests.

    SQLite deletes row by row, PostgreSQL truncates: of its triggers only those of TRUNCATE are in the way.
    """
    from django.db import connection

    from labeling import triggers

    vendor = connection.vendor
    events = {"sqlite": {"insert", "update", "delete"}, "postgresql": {"truncate"}}[vendor]
    rules = [(rule, event) for rule in triggers.ALL for event in rule.events if event in events]
    drop = [sql for rule, event in rules for sql in rule.drop_sql(vendor, event)]
    create = [sql for rule, event in rules for sql in rule.create_sql(vendor, event)]
    # In the class: beside Playwright's loop this thread has another connection.
    operations: Any = type(connection.ops)
    empty = operations.sql_flush
    operations.sql_flush = lambda *args, **kwargs: [*drop, *empty(*args, **kwargs), *create]
    _keep_roles()


def _keep_roles() -> None:
    """Make the groups, which a migration made, again after a flush: the next test may be any."""
    from django.apps import apps
    from django.contrib.auth.models import Group, Permission
    from django.db.models.signals import post_migrate

    from labeling import roles

    last = [config for config in apps.get_app_configs() if config.models_module][-1]
    post_migrate.connect(lambda **told: roles.install(Group, Permission), sender=last, weak=False)


@pytest.fixture(scope="session")
def _redis_server(tmp_path_factory: pytest.TempPathFactory) -> str:
    return os.environ["REDIS_URL"] or servers.start_redis(tmp_path_factory.mktemp("redis") / "data")


@pytest.fixture
def redis_url(_redis_server: str) -> str:
    """A real Redis, emptied; each worker has a database of its own."""
    import redis

    with redis.Redis.from_url(_redis_server) as client:
        client.flushdb()
    return _redis_server


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`clip(seed=1, num_frames=30, …)` is the path of such a clip, made once: do not change the file."""
    from tests.clips import make_clip

    folder = tmp_path_factory.mktemp("clips")

    def cached(**arguments: int) -> Path:
        name = "-".join(f"{key}{value}" for key, value in sorted(arguments.items())) or "plain"
        path = folder / f"{name}.mp4"
        return path if path.exists() else make_clip(path, **arguments)

    return cached


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium that plays h264."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("No chromium on the path. Run `make test`, or apt-get install chromium.")
    return path


@pytest.fixture(scope="session")
def browser(chromium: str) -> "Iterator[Browser]":
    """A running Chromium that resolves no name but localhost."""
    from playwright.sync_api import sync_playwright

    # Playwright's loop runs in this thread; Django would refuse the ORM beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: "Browser") -> "Iterator[Page]":
    """A fresh page of 1440×900. What the page logs as an error, a refused policy too, fails the test."""
    errors: list[str] = []
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.on("console", lambda message: errors.append(_told(message)) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def _told(message: "ConsoleMessage") -> str:
    return f"{message.text} ({message.location['url']})"
