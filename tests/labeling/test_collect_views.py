"""Pasting links, with the real client."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from labeling.models import CollectJob, Post, XPause
from tests.factories import make_post, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def labeler(client: Client) -> Client:
    client.force_login(make_user("ana", role="labeler"))
    return client


def test_each_line_gets_its_own_answer(labeler: Client) -> None:
    make_post("1111111111")
    lines = ["https://x.com/a/status/1234567890", "", "x.com/i/status/1111111111", "https://example.com/2"]

    page = labeler.post("/collect/", {"links": "\n".join(lines)})

    assert [(link.line, link.state) for link in page.context["added"]] == [
        ("https://x.com/a/status/1234567890", "new"),
        ("x.com/i/status/1111111111", "known"),
        ("https://example.com/2", "refused"),
    ]
    assert "1 new, 1 known, 1 refused" in page.text
    assert "“example.com” is not X." in page.text
    assert Post.objects.filter(x_id="1234567890", added_by__username="ana").exists()


def test_thousand_strange_lines_are_answered_and_add_nothing(labeler: Client) -> None:
    lines = ["javascript:alert(1)", "file:///etc/passwd", "   ", "<script>", "x" * 1000] * 200

    page = labeler.post("/collect/", {"links": "\n".join(lines)})

    assert page.context["counts"] == {"refused": 800}
    assert Post.objects.count() == CollectJob.objects.count() == 0


def test_more_links_than_a_page_takes_are_refused_with_the_way_out(labeler: Client) -> None:
    page = labeler.post("/collect/", {"links": "\n".join(["https://x.com/a/status/1234567890"] * 2001)})

    assert page.status_code == 422
    assert "manage.py collect --file" in page.text
    assert Post.objects.count() == 0


def test_nothing_pasted_is_said_in_words(labeler: Client) -> None:
    page = labeler.post("/collect/", {"links": "  \n "})

    assert page.status_code == 422
    assert "Paste at least one link." in page.text


def test_link_in_the_address_waits_in_the_field(labeler: Client) -> None:
    page = labeler.get("/collect/?url=https://x.com/a/status/1234567890")

    assert "https://x.com/a/status/1234567890</textarea>" in page.text
    assert Post.objects.count() == 0


def test_collect_says_that_x_is_left_alone(labeler: Client) -> None:
    XPause.start(timezone.now() + timedelta(minutes=5), "Too many requests.")

    assert "Too many requests." in labeler.get("/collect/").text


def test_collecting_needs_the_right_to_collect(client: Client) -> None:
    client.force_login(make_user("guest", role=None))

    response = client.post("/collect/", {"links": "https://x.com/a/status/1234567890"})

    assert response.status_code == 403
    assert Post.objects.count() == 0
