"""What no page may do, whoever reads it: write a number for people where a program reads one."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import get_resolver
from django.utils.formats import reset_format_cache

from config.formats.en_DE import formats
from tests.everything import Everything, build
from tests.house.tree import ROOT, modules

MARK = "⍽"
FOR_PEOPLE = {"title", "aria-label", "placeholder"}
FILES = ("files/<path:name>", "manifest/", "clips.csv", "croissant.json")
"""What these send was written before."""


@pytest.fixture
def _marked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the separators of German be a sign that nothing else holds, and stand behind every digit."""
    monkeypatch.setattr(formats, "DECIMAL_SEPARATOR", MARK)
    monkeypatch.setattr(formats, "THOUSAND_SEPARATOR", MARK)
    monkeypatch.setattr(formats, "NUMBER_GROUPING", 1, raising=False)
    reset_format_cache()
    yield
    monkeypatch.undo()
    reset_format_cache()


class Misplaced(HTMLParser):
    """Finds marked numbers in attributes and scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = ""
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        self.found += [
            f"<{tag} {name}={value}>"
            for name, value in attrs
            if name not in FOR_PEOPLE and MARK in (value or "")
        ]

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside in ("script", "style", "textarea") and MARK in data:
            self.found.append(f"<{self.inside}>{data}")


def addresses(rows: Everything) -> Iterator[str]:
    """Yield every address of ours; a new one with something in it needs a line here."""
    known = {
        "label/": uuid4(),
        "label/video/": rows.video.pk,
        "posts/": rows.video.post.pk,
        "videos/": rows.video.pk,
        "videos/edits/": rows.edit.pk,
        "review/videos/": rows.video.pk,
        "review/decisions/": rows.outcome.annotation_id,
        "review/models/": "new",
        "review/outcomes/": rows.outcome.pk,
        "review/questions/": rows.outcome.annotation_id,
        "team/": rows.labeler.pk,
        "team/voidings/": rows.voiding.pk,
        "batches/": rows.batch.slug,
        "batches/by-digest/": rows.batch.digest,
        "exports/": rows.export.pk,
        "models/": "new",
    }
    for route in filter(lambda route: not route.endswith(FILES), _routes()):
        before, is_open, rest = route.partition("<")
        yield f"/{before}{known[before]}{rest.partition('>')[2]}" if is_open else f"/{route}"

    period = "since=2020-01-01&until=2099-12-31"
    yield f"/team/{rows.labeler.pk}/void/?{period}"
    yield f"/videos/edit/?video={rows.video.pk}&AI_GEN=no&preview=1"
    yield f"/admin/labeling/video/{rows.video.pk}/change/"
    yield from ("/admin/", "/admin/labeling/video/", "/api/posts", "/api/batches", "/api/models")
    yield f"/api/videos/{rows.video.pk}/predictions"


def _routes() -> Iterator[str]:
    for pattern in get_resolver().url_patterns:
        if hasattr(pattern, "url_patterns") and not str(pattern.pattern):
            yield from (str(each.pattern) for each in pattern.url_patterns)
        elif not hasattr(pattern, "url_patterns"):
            yield str(pattern.pattern)


def misplaced(answer: Any) -> list[str]:
    """Return the numbers for people that are where they should not be: in a file for programs, anywhere."""
    text = answer.getvalue().decode()
    if not answer.headers.get("Content-Type", "").startswith("text/html"):
        return [line for line in text.splitlines() if MARK in line]
    page = Misplaced()
    page.feed(text)
    return page.found


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.usefixtures("_marked")
def test_no_number_for_people_stands_where_a_program_reads_it(client: Client) -> None:
    rows = build()
    client.force_login(rows.admin)
    pages = {address: client.get(address, headers={"accept-language": "de"}) for address in addresses(rows)}

    found = {address: misplaced(page) for address, page in pages.items()}

    assert {address: numbers for address, numbers in found.items() if numbers} == {}
    assert MARK in pages["/batches/"].text
    assert 404 not in {page.status_code for page in pages.values()}


def test_no_page_groups_digits_by_itself() -> None:
    # f"{number:,}" has commas for everybody; django.utils.formats.number_format asks who reads.
    pages = re.compile(r"^(labeling/(views|templatetags)|training/pages)/|/views\.py$")

    found = {
        f"{name}: {line.strip()}"
        for name, path in ((str(path.relative_to(ROOT)), path) for path in modules().values())
        if pages.search(name)
        for line in path.read_text().splitlines()
        if re.search(r":,(\.\d)?[df]?\}", line)
    }

    assert found == set()
