"""Pasting links, with the real client."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from labeling.models import CollectJob, Post, XPause
from tests.factories import make_post, make_user

pytestmark = pytest.mark.django_db


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


@pytest.mark.slow
def test_thousand_lines_of_all_sorts_are_answered_one_by_one(labeler: Client) -> None:
    link = "https://x.com/a/status/1234567890"
    endless, elsewhere = f"https://x.com/{'a' * 10_000}", "https://youtube.com/watch?v=1"
    lines = ["", link, endless, elsewhere, "javascript:alert(1)", "file:///etc/passwd", "\t", endless] * 125

    page = labeler.post("/collect/", {"links": "\n".join(lines)})

    assert page.context["counts"] == {"new": 1, "known": 124, "refused": 5 * 125}
    assert [post.url for post in Post.objects.all()] == ["https://x.com/i/status/1234567890"]
    assert CollectJob.objects.count() == 1


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


def upload(client: Client, text: str, **fields: str) -> Any:
    file = SimpleUploadedFile("posts.csv", text.encode(), "text/csv")
    return client.post("/collect/csv/", {"file": file, **fields})


def test_each_row_of_a_csv_gets_its_own_answer(labeler: Client) -> None:
    page = upload(labeler, "url,ai_gen\nhttps://x.com/a/status/1234567890,1\nhttps://example.com/2,1\n")

    assert "1 new, 1 refused" in page.text
    assert "line 3: https://example.com/2" in page.text
    assert "“example.com” is not X." in page.text
    assert Post.objects.get().added_how == "csv"


def test_csv_is_taken_whole_or_not_at_all_by_choice(labeler: Client) -> None:
    text = "url\nhttps://x.com/a/status/1234567890\nhttps://example.com/2\n"

    page = upload(labeler, text, is_all_or_none="on")

    assert "2 refused" in page.text
    assert Post.objects.count() == 0


def test_csv_of_which_nothing_can_be_made_is_refused_with_the_reason(labeler: Client) -> None:
    page = upload(labeler, "url,label:CLIPCHAMP\nhttps://x.com/a/status/1234567890,1\n")

    assert page.status_code == 422
    assert "column label:CLIPCHAMP is not a label" in page.text
    assert Post.objects.count() == 0


def test_csv_is_taken_of_nobody_without_the_right(client: Client) -> None:
    client.force_login(make_user("bob", role=None))

    page = upload(client, "url\nhttps://x.com/a/status/1234567890\n")

    assert page.status_code == 403
    assert Post.objects.count() == 0


def test_bookmarklet_opens_this_page_with_the_link_of_the_post(labeler: Client) -> None:
    page = labeler.get("/collect/")

    assert page.context["bookmarklet"].startswith(
        "javascript:void window.open('http://testserver/collect/?url='+encodeURIComponent(location.href)"
    )


def test_link_of_a_bookmarklet_waits_for_a_click(labeler: Client) -> None:
    page = labeler.get("/collect/", {"url": "https://x.com/a/status/1234567890"})

    assert "https://x.com/a/status/1234567890" in page.text
    assert Post.objects.count() == 0


def test_pause_is_ended_by_hand(labeler: Client) -> None:
    XPause.start(timezone.now() + timedelta(hours=1), "Update yt-dlp.")

    page = labeler.post("/collect/go-on/", follow=True)

    assert "The pause is over" in page.text
    assert XPause.current() is None
