"""Numbers as pages write them."""

from types import SimpleNamespace

import pytest
from django.utils.translation import override

from labeling.templatetags import figures


@pytest.mark.parametrize(("number", "written"), [(1204, "+1,204"), (-12, "−12"), (0, "±0"), (None, "")])
def test_signed(number: int | None, written: str) -> None:
    with override("en-us"):
        assert figures.signed(number) == written


@pytest.mark.parametrize(("number", "written"), [(0.24, "0.24"), (0, "0.00"), (1204.06, "1,204.1")])
def test_hours(number: float, written: str) -> None:
    with override("en-us"):
        assert figures.hours(number) == written


@pytest.mark.parametrize(("value", "written"), [(0.914, "0.91"), (1.0, "1.00"), (None, "–"), ("", "–")])
def test_score(value: float | str | None, written: str) -> None:
    assert figures.score(value) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(44.6, "45 s"), (130, "2 min"), (7500, "2 h 5 min"), (100_000, "1 d 3 h"), (-1, "0 s"), (None, "")],
)
def test_lasting(seconds: float | None, written: str) -> None:
    assert figures.lasting(seconds) == written


@pytest.mark.parametrize(("bps", "written"), [(832_000, "832 kbit/s"), (2_176_000, "2.2 Mbit/s"), (None, "")])
def test_bit_rate(bps: int | None, written: str) -> None:
    assert figures.bit_rate(bps) == written


def test_linked_numbers_link_each_number_but_zero() -> None:
    cells = [SimpleNamespace(number=1204, url="/?a=1&b=2"), SimpleNamespace(number=0, url="/?a=2")]

    assert figures.linked_numbers(cells) == (
        '<td class="num"><a href="/?a=1&amp;b=2">1,204</a></td>'
        '<td class="num"><span class="quiet">0</span></td>'
    )


@pytest.mark.parametrize(
    ("text", "metadata", "line"),
    [
        ("A cake", {"file": "a.mp4"}, "A cake"),
        ("", {"file": "a.mp4", "title": "Cake"}, "Cake"),
        ("", {"file": "a.mp4"}, "a.mp4"),
        ("", {}, "import:1f8ed4f513…"),
    ],
)
def test_post_line_is_the_best_name_there_is(text: str, metadata: dict[str, str], line: str) -> None:
    post = SimpleNamespace(text=text, metadata=metadata, x_id="import:1f8ed4f513d4ec5a2b471df1")

    assert figures.post_line(post) == line


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("1234567890123456789/2", "1234567890123456789/2"),
        ("import:1f8ed4f513d4ec5a2b471df1/0", "import:1f8ed4f513…/0"),
    ],
)
def test_short_id_keeps_a_post_s_own_id(key: str, written: str) -> None:
    assert figures.short_id(key) == written


@pytest.mark.parametrize(
    ("value", "written"), [([0.40164, 1], "0.4016, 1"), (96, "96"), ("center", "center")]
)
def test_plain(value: object, written: str) -> None:
    assert figures.plain(value) == written
