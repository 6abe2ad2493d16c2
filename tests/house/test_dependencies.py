"""pyproject.toml says what is needed, requirements.lock which bytes that is."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain
from typing import Any

import pytest

from tests.house.tree import PACKAGES, ROOT, imports, modules

LOCK = (ROOT / "requirements.lock").read_text()
# Used as a dependency brings them: Celery's transport, yt-dlp's HTTP client, ninja's types, S3's errors.
BROUGHT = ("kombu", "requests", "urllib3", "pydantic", "botocore")
PINS = set(re.findall(r"^([a-z0-9-]+)==\S+ ", LOCK, re.MULTILINE))


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def declared() -> set[str]:
    """Return the names of all dependencies, normalised as in the lock."""
    extras = project()["project"]["optional-dependencies"].values()
    groups = project()["dependency-groups"].values()
    requirements = chain(project()["project"]["dependencies"], *extras, *groups)
    return {normalised(re.split(r"[\[<>=!~; ]", text)[0]) for text in requirements}


def normalised(name: str) -> str:
    return name.lower().replace("_", "-")


def test_every_dependency_is_locked() -> None:
    assert declared() - PINS == set()


def test_every_pin_has_a_hash() -> None:
    pins = re.split(r"^(?=[a-z0-9])", LOCK, flags=re.MULTILINE)[1:]

    assert [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin] == []


def test_lock_names_no_address() -> None:
    assert re.findall(r".*(?:://|--index-url|--find-links).*", LOCK) == []


def test_lock_covers_every_group() -> None:
    recipe = (ROOT / "Makefile").read_text().partition("\nlock:")[2].partition("\n\n")[0]

    assert set(re.findall(r"--group (\S+)", recipe)) == set(project()["dependency-groups"])
    assert set(re.findall(r"--extra (\S+)", recipe)) == set(project()["project"]["optional-dependencies"])


def test_every_import_is_declared() -> None:
    owners = packages_distributions()
    names = {name.partition(".")[0] for path in modules().values() for name in imports(path)}
    foreign = names - set(PACKAGES) - sys.stdlib_module_names

    owned = {name: {normalised(owner) for owner in owners.get(name, ())} for name in foreign}
    undeclared = {name for name in foreign if not owned[name] & declared()}
    assert undeclared <= set(BROUGHT)


@pytest.mark.parametrize("name", ["torch", "torchvision", "torchcodec", "scikit-learn"])
def test_web_group_has_no_torch(name: str) -> None:
    web = " ".join(project()["dependency-groups"]["web"] + project()["project"]["dependencies"])

    assert name not in web
