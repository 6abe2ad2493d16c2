"""What a template must not do, whatever page it draws."""

import re

from tests.house.tree import ROOT


def test_no_id_is_written_as_a_number_for_people() -> None:
    # Row 1234 would be sent back as "1,234", and not be found.
    bare = re.compile(r"\{\{\s*[\w.]*\b(?:pk|id|(?!auto|x|quoted)[a-z]+_id)\s*\}\}")  # X's ids are texts

    found = {
        f"{path.relative_to(ROOT)}: {tag}"
        for path in ROOT.glob("templates/**/*.html")
        for tag in bare.findall(path.read_text())
    }

    assert found == set()
