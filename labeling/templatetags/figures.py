"""Numbers and names as pages write them."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.formats import get_format, number_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

WORDS = {"NOT_AI": "not AI"}
TITLES = ("title", "caption", "file")
"""Columns of an import that name a clip better than its hash does."""

LONGEST_ID = 24
NOTHING = '<td class="num"><span class="quiet">0</span></td>'
MINUTE, HOUR, DAY = 60, 3600, 86400
THOUSAND = 1000


@register.filter
def signed(number: int | None) -> str:
    """Write a change: +1,204, −12, ±0."""
    if number is None:
        return ""
    sign = "±" if number == 0 else "+" if number > 0 else "−"
    return f"{sign}{number_format(abs(number))}"


def _pointed(digits: str) -> str:
    """Put in the reader's decimal sign; 1e-05 has none, and nothing to group."""
    return digits.replace(".", get_format("DECIMAL_SEPARATOR"))


@register.filter
def hours(number: float) -> str:
    """Write hours to a tenth; less than one to a hundredth, or a first quarter of an hour would be 0.2."""
    return number_format(f"{number:.1f}" if number >= 1 else f"{number:.2f}")


@register.filter
def label_word(name: str) -> str:
    """Write a label as its name, and NOT_AI, which is none, in words."""
    return WORDS.get(name, name)


@register.filter
def post_line(post: Any) -> str:
    """Name a post in a line: by its words, or what an import called it, or its id."""
    named = (str(post.metadata[column]) for column in TITLES if post.metadata.get(column))
    return str(post.text or next(named, short_id(post.x_id)))


@register.filter
def short_id(key: str) -> str:
    """Cut the hash in an import's id: import:1f8ed4f513…/0."""
    start, slash, index = key.partition("/")
    return key if len(start) <= LONGEST_ID else f"{start[:17]}…{slash}{index}"


@register.filter
def plain(value: Any) -> str:
    """Write a value of a configuration: floats with four digits, lists without brackets."""
    if isinstance(value, list | tuple):
        return ", ".join(plain(each) for each in value)
    return _pointed(f"{value:.4g}") if isinstance(value, float) else str(value)


@register.filter
def score(value: float | str | None) -> str:
    """Write a score with the two digits that test sets of hundreds can bear; "" is a template's nothing."""
    return _pointed(f"{value:.2f}") if isinstance(value, float) else "–"


@register.filter
def three_digits(value: float | None) -> str:
    """Write a loss with three digits that count."""
    return "–" if value is None else _pointed(f"{value:.3g}")


@register.filter
def lasting(seconds: float | None) -> str:
    """Write a length of time by its two largest units: 45 s, 3 min, 2 h 5 min, 1 d 4 h."""
    if seconds is None:
        return ""
    whole = max(round(seconds), 0)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
    return f"{whole // DAY} d {whole % DAY // HOUR} h"


@register.filter
def bit_rate(bps: int | None) -> str:
    """Write a bit rate as X and players do: 832 kbit/s, 2.2 Mbit/s."""
    if not bps:
        return ""
    return f"{_pointed(f'{bps / 1e6:.1f}')} Mbit/s" if bps >= 1_000_000 else f"{bps / 1e3:.0f} kbit/s"


@register.filter
def linked_numbers(cells: Iterable[Any]) -> SafeString:
    """Write the cells of a row, each `number` linked to its `url`.

    Not in the template: with 50 versions the growth page has 3,600 and took 231 ms, against 79 ms so.
    """
    return mark_safe("".join(map(_linked, cells)))  # noqa: S308 - numbers, and addresses that are escaped


def _linked(cell: Any) -> str:
    if not cell.number:
        return NOTHING
    # Most are small, and number_format takes 5 µs.
    number = number_format(cell.number) if cell.number >= THOUSAND else cell.number
    return f'<td class="num"><a href="{escape(cell.url)}">{number}</a></td>'
