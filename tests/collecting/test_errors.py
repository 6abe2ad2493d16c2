from collections.abc import Iterator

import pytest

from labeling.collecting import errors


def _kinds(base: type[errors.CollectError]) -> Iterator[type[errors.CollectError]]:
    for kind in base.__subclasses__():
        yield from _kinds(kind)
        if hasattr(kind, "kind"):
            yield kind


@pytest.mark.parametrize("error", list(_kinds(errors.CollectError)))
def test_every_error_tells_its_remedy(error: type[errors.CollectError]) -> None:
    found = error("It failed.")

    assert str(found) == f"It failed. {error.remedy}"
    assert error.remedy.endswith(".")
    assert error.is_final is isinstance(found, errors.Permanent)


def test_kinds_are_told_apart() -> None:
    kinds = [error.kind for error in _kinds(errors.CollectError)]

    assert len(kinds) == len(set(kinds))
