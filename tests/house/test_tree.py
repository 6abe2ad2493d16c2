"""What no committed file may hold."""

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT, tracked_files

# Written so that this file does not hold them either.
FORBIDDEN = {
    "an index's address": r"(?:extra-)?index-url\s*[=\"]|https?://[^\s\"]*/simple\b",
    "a path of one machine": r"(?:^|[^\w.])/(?:wor[k]|roo[t]|hom[e])/",
    "unfinished work": r"\b(?:TOD[O]|FIXM[E]|NotImplemente[d]Error)\b",
    "a merge left over": r"^(?:<{7}|>{7}) ",
}


def texts() -> list[tuple[Path, str]]:
    read = []
    for path in tracked_files():
        try:
            read.append((path.relative_to(ROOT), path.read_text()))
        except UnicodeDecodeError:
            continue
    return read


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what], re.MULTILINE)

    assert [f"{path}: {match[0]}" for path, text in texts() for match in pattern.finditer(text)] == []


def test_no_secret_is_committed() -> None:
    names = {path.name for path in tracked_files()}

    assert names & {".env", "secret_key", "cookies.txt"} == set()
