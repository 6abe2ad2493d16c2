"""The stand-in for X, shared by the tests of a session."""

from collections.abc import Iterator

import pytest

from tests.collecting.standin.x import Standin


@pytest.fixture(scope="session")
def _standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    with Standin(tmp_path_factory.mktemp("standin")) as standin:
        yield standin


@pytest.fixture
def standin(_standin: Standin) -> Standin:
    _standin.reset()
    return _standin
