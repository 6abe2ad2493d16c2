"""The pages of posts, with the real client."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from config.local_time import COOKIE
from labeling.models import XPause
from tests.factories import make_job, make_post, make_settlement, make_user, make_variant, make_video

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def found(client: Client, query: str) -> list[str]:
    return [post.x_id for post, _ in client.get(f"/posts/?{query}").context["rows"]]


def test_post_list_asks_strangers_to_log_in(client: Client) -> None:
    assert client.get("/posts/").status_code == 302


def test_empty_post_list_says_what_it_is_for(labeler: Client) -> None:
    page = labeler.get("/posts/")

    assert "No post has been collected yet" in page.text
    assert 'href="/collect/"' in page.text


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("state=waiting", ["waiting"]),
        ("state=collected", ["deleted", "stored"]),
        ("state=failed", ["failed"]),
        ("state=deleted", ["deleted"]),
        ("q=cake", ["stored"]),
        ("q=@baker", ["failed"]),
        ("q=waiting", ["waiting"]),
        ("q=cake&state=failed", []),
        ("state=nonsense", ["deleted", "failed", "waiting", "stored"]),
    ],
)
def test_post_list_shows_what_matches(labeler: Client, query: str, ids: list[str]) -> None:
    make_post("stored", text="A cake")
    make_post("waiting", collected_at=None)
    make_post("failed", collected_at=None, failure_kind="protected", author_handle="baker")
    make_post("deleted", deleted_on_x_at=timezone.now())

    assert found(labeler, query) == ids


def test_post_list_says_not_ai_beside_a_style(labeler: Client) -> None:
    make_settlement(make_video(), ai_gen=False, anime_3d=True)

    row = labeler.get("/posts/").text.partition("<tbody")[2]

    assert ">not AI<" in row
    assert ">ANIME_3D<" in row


def test_post_list_says_which_filter_it_could_not_read(labeler: Client) -> None:
    make_post("stored")

    page = labeler.get("/posts/?since=yesterday").text

    assert "Added since: Enter a valid date." in page
    assert '<details class="more" open>' in page


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("label=AI_GEN", ["sora"]),
        ("label=SORA", ["sora"]),
        ("label=VEO", []),
        ("label=NOT_AI", ["filmed"]),
        ("label=SORA&q=nothing+like+it", []),
    ],
)
def test_post_list_shows_what_was_settled_as_a_label(labeler: Client, query: str, ids: list[str]) -> None:
    make_video(post=make_post("open"))
    make_settlement(make_video(post=make_post("sora")), ai_gen=True, sora=True)
    make_settlement(make_video(post=make_post("filmed")), ai_gen=False)

    assert found(labeler, query) == ids


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("author=@BAKER", ["new"]),
        ("since=2026-03-02", ["new"]),
        ("until=2026-03-01", ["old"]),
        ("since=2026-03-01&until=2026-03-02", ["new", "old"]),
        ("by=bob", ["old"]),
        ("by=nobody", ["new", "old"]),
        ("since=never", ["new", "old"]),
    ],
)
def test_post_list_shows_whose_and_when(labeler: Client, query: str, ids: list[str]) -> None:
    first = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
    make_post("old", created_at=first, author_handle="maker", added_by=make_user("bob"))
    make_post("new", created_at=first + timedelta(minutes=2), author_handle="Baker")

    assert found(labeler, query) == ids


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
@pytest.mark.parametrize(("name", "day"), [("since", "0001-01-01"), ("until", "9999-12-31")])
def test_post_list_refuses_a_day_at_an_end_of_the_calendar(
    labeler: Client, zone: str, name: str, day: str
) -> None:
    labeler.cookies[COOKIE] = zone

    page = labeler.get(f"/posts/?{name}={day}")

    assert page.status_code == 200
    assert f"Added {name}: Choose a day from 1 Jan 2000 to 1 Jan 2100." in page.text


def test_post_list_shows_what_is_still_coming_and_asks_again(labeler: Client) -> None:
    post = make_post("coming", collected_at=timezone.now())
    make_variant(make_video(post=post), is_stored=False)

    page = labeler.get("/posts/?state=storing", headers=HTMX)

    assert page.status_code == 200
    assert 'hx-get="/posts/?state=storing"' in page.text
    assert "Storing, 1 of 2 variants" in page.text
    assert "<main" not in page.text


def test_post_list_is_asked_no_more_once_all_is_there(labeler: Client) -> None:
    make_video(post=make_post("there", collected_at=timezone.now()))

    page = labeler.get("/posts/", headers=HTMX)

    assert page.status_code == 286
    assert "hx-get" not in page.text


def test_all_that_match_are_stopped_and_tried_again(labeler: Client) -> None:
    mine = make_job(post=make_post("mine", collected_at=None, author_handle="ana"))
    make_job(post=make_post("other", collected_at=None, author_handle="bob"))

    offer = labeler.get("/posts/?state=waiting&author=ana")
    labeler.post("/posts/cancel/?state=waiting&author=ana")
    stopped = found(labeler, "state=failed")
    labeler.post("/posts/retry/?state=failed")

    mine.refresh_from_db()
    assert "Stop all 1; what is stored stays" in offer.text
    assert stopped == ["mine"]
    assert mine.state == "queued"


def test_post_that_comes_in_can_be_stopped(labeler: Client) -> None:
    job = make_job()

    page = labeler.post(f"/posts/{job.post.pk}/cancel/", follow=True)

    job.refresh_from_db()
    assert job.state == "cancelled"
    assert "It is stopped; what is stored stays." in page.text


def test_post_list_costs_the_same_queries_with_many_posts(
    labeler: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        post = make_post(collected_at=timezone.now())
        make_job(post=post, state="done")
        make_settlement(make_video(post=post))

    # Session, user, rights (2), posts, videos, variants, what to withhold, pause, who added some.
    with django_assert_num_queries(10):
        labeler.get("/posts/")


def test_post_list_says_that_x_is_left_alone(labeler: Client) -> None:
    XPause.start(timezone.now() + timedelta(minutes=5), "Too many requests.")

    assert "Too many requests." in labeler.get("/posts/").text


def test_post_detail_shows_declared_beside_probed(labeler: Client) -> None:
    video = make_video()
    make_variant(
        video,
        declared_width=1280,
        declared_height=720,
        width=1278,
        height=718,
        declared_bit_rate_bps=2_176_000,
    )

    page = labeler.get(f"/posts/{video.post.pk}/")

    assert "1280×720" in page.text
    assert "2.2 Mbit/s" in page.text
    assert "1278×718" in page.text


def test_post_detail_tells_a_failure_with_its_remedy(labeler: Client) -> None:
    words = "X says: “not authorized”. Set X_COOKIES_FILE to cookies, then retry."
    post = make_post(collected_at=None, failure_kind="login_required", failure_message=words)
    make_job(post=post, state="failed")

    page = labeler.get(f"/posts/{post.pk}/")

    assert "Login required" in page.text
    assert words in page.text
    assert "Try again" in page.text


def test_post_detail_asks_again_while_it_is_collected(labeler: Client) -> None:
    job = make_job(minutes_left=1)

    response = labeler.get(f"/posts/{job.post.pk}/", headers=HTMX)

    assert response.status_code == 200
    assert "Asking X" in response.text
    assert 'hx-trigger="every 2s"' in response.text


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "Trying again as soon as a worker is free, tried 2 of 5 times"),
        (9, "Trying again at 12:09, tried 2"),
    ],
)
def test_post_detail_says_when_it_is_tried_again(labeler: Client, minutes: int, words: str) -> None:
    with time_machine.travel(datetime(2026, 11, 1, 12, tzinfo=UTC), tick=False):
        later = timezone.now() + timedelta(minutes=minutes)
        job = make_job(failure_message="X has a problem.", attempts=2, next_try_at=later)

        response = labeler.get(f"/posts/{job.post.pk}/", headers=HTMX)

    assert words in response.text
    assert "X has a problem." in response.text


def test_post_detail_counts_variants_while_they_are_stored(labeler: Client) -> None:
    video = make_video()
    make_variant(video, is_stored=False)

    response = labeler.get(f"/posts/{video.post.pk}/", headers=HTMX)

    assert "Storing, 1 of 2 variants" in response.text


def test_post_detail_stops_asking_when_all_is_stored(labeler: Client) -> None:
    video = make_video()

    response = labeler.get(f"/posts/{video.post.pk}/", headers=HTMX)

    assert response.status_code == 286
    assert "every 2s" not in response.text


def test_deleted_post_says_that_its_files_are_kept(labeler: Client) -> None:
    video = make_video(post=make_post(deleted_on_x_at=timezone.now()))

    page = labeler.get(f"/posts/{video.post.pk}/")

    assert "Its stored variants are kept." in page.text


def test_post_text_is_no_markup(labeler: Client) -> None:
    post = make_post(text="<script>alert(1)</script>")

    assert "<script>alert(1)" not in labeler.get(f"/posts/{post.pk}/").text


def test_post_detail_costs_the_same_queries_with_many_videos(
    labeler: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    post = make_post()
    for _ in range(3):
        make_video(post=post)

    with django_assert_num_queries(8):  # session, user, rights (2), post, videos, variants, pause
        labeler.get(f"/posts/{post.pk}/")


def test_retry_queues_a_failed_post_again(labeler: Client) -> None:
    job = make_job(state="failed")

    page = labeler.post(f"/posts/{job.post.pk}/retry/", follow=True)

    job.refresh_from_db()
    assert job.state == "queued"
    assert "It is queued again." in page.text


def test_retry_needs_the_right_to_collect(client: Client) -> None:
    job = make_job(state="failed")
    client.force_login(make_user("guest", role=None))

    assert client.post(f"/posts/{job.post.pk}/retry/").status_code == 403
