"""Pasted lines become posts to collect, once."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.collecting.adding import add_links
from labeling.models import AddedHow, CollectJob, Post
from tests.factories import make_post, make_user

pytestmark = pytest.mark.django_db

LINK = "https://x.com/maker/status/1234567890"


def test_new_link_makes_a_post_with_a_job_that_names_who_added_it() -> None:
    ana = make_user("ana")

    added = add_links([LINK], user=ana, how=AddedHow.PAGE)

    post = Post.objects.get(x_id="1234567890")
    assert [(link.state, link.post, link.error) for link in added] == [("new", post, "")]
    assert (post.added_by, post.added_how, post.job.state) == (ana, "page", "queued")
    assert post.job.enqueued_at is not None


def test_link_in_another_form_is_known_and_adds_nothing() -> None:
    post = make_post("1234567890")

    added = add_links(["  twitter.com/i/status/1234567890?s=20 "], user=None, how=AddedHow.API)

    assert [(link.state, link.post) for link in added] == [("known", post)]
    assert CollectJob.objects.count() == 0


def test_link_given_twice_is_new_once() -> None:
    added = add_links([LINK, LINK], user=None, how=AddedHow.COMMAND)

    assert [link.state for link in added] == ["new", "known"]


def test_line_that_is_no_link_is_refused_with_the_reason_and_the_remedy() -> None:
    added = add_links(["javascript:alert", LINK], user=None, how=AddedHow.PAGE)

    assert [link.state for link in added] == ["refused", "new"]
    assert added[0].reason == "“javascript:alert” is a javascript: link, not a link to a post."
    assert added[0].error == f"{added[0].reason} Paste a link like https://x.com/name/status/1234567890."


def test_endless_line_is_cut_where_it_is_shown() -> None:
    [added] = add_links(["x" * 10_000], user=None, how=AddedHow.PAGE)

    assert added.state == "refused"
    assert len(added.line) == 201


def test_many_links_cost_few_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labeling.collecting.adding.RUNG_AT_ONCE", 0)
    links = [f"https://x.com/i/status/{1234567890 + n}" for n in range(400)]

    with CaptureQueriesContext(connection) as queries:
        add_links(links, user=None, how=AddedHow.PAGE)

    assert len(queries) < 30  # SQLite takes a thousand values at once
    assert CollectJob.objects.count() == 400


def test_workers_are_told_of_the_first_links_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labeling.collecting.adding.RUNG_AT_ONCE", 2)

    add_links([f"https://x.com/i/status/{1234567890 + n}" for n in range(5)], user=None, how=AddedHow.CSV)

    assert CollectJob.objects.filter(enqueued_at__isnull=False).count() == 2
