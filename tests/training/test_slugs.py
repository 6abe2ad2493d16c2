import pytest

from training.batches import slugs
from training.forms import ExportForm


@pytest.mark.parametrize("slug", ["v5.0", "kling-only", "A", "0", "by-digests", "incoming2", "v" * 40])
def test_name_is_one(slug: str) -> None:
    assert slugs.problem(slug) == ""
    assert ExportForm({"slug": slug}).is_valid()


@pytest.mark.parametrize(
    ("slug", "message"),
    [
        ("by-digest", "No batch can be called by-digest: /batches/by-digest/ leads to"),
        ("By-Digest", "No batch can be called By-Digest: "),
        ("growth.csv", "No batch can be called growth.csv: /batches/growth.csv is what"),
        ("Pace.csv", "No batch can be called Pace.csv: /batches/pace.csv is what"),
        ("incoming", "No batch can be called incoming: what is not whole yet"),
        ("Incoming", "No batch can be called Incoming: "),
    ],
)
def test_name_of_ours_is_refused_in_words(slug: str, message: str) -> None:
    said = str(ExportForm({"slug": slug}).errors["slug"][0])

    assert said.startswith(message)
    assert said.endswith("Choose another name, such as v5.1.")


@pytest.mark.parametrize("slug", ["", ".", "..", "../x", "-v5", "a b", "v5.0\n", "v" * 41])
def test_what_is_no_name_is_refused_in_words(slug: str) -> None:
    assert slugs.problem(slug).startswith(f"{slug!r} is no batch name. Use letters")
    assert "40 characters at most" in slugs.problem(slug)
