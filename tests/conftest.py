"""Fixtures for every test; CONTRIBUTING.md says which there are."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings


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

    database: dict[str, Any] = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("db") / "db.sqlite3")
