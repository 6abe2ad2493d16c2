"""What the page of a post says happened, in order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from labeling.models import Post, Variant
from labeling.post_history import history_of
from tests.factories import make_job, make_post, make_user, make_variant, make_video

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def after(minutes: int) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def collected(**fields: Any) -> Post:
    return make_post(created_at=BEGIN, collected_at=after(2), **fields)


def words(post: Post) -> list[str]:
    return [event.words for event in history_of(post)]


def test_post_that_waits_was_added() -> None:
    post = make_post(created_at=BEGIN, collected_at=None, added_by=make_user("ana"))

    assert words(post) == ["Added by ana"]


def test_stored_post_tells_each_step_in_order() -> None:
    post = collected()
    make_job(post=post, state="done", started_at=after(1), attempts=1, finished_at=after(2))
    make_variant(make_video(post=post))
    Variant.objects.update(stored_at=after(3))

    assert words(post) == ["Added", "Asked X", "Read: 1 video in 2 encodings", "Every file stored"]


def test_post_of_which_files_are_missing_tells_of_the_first() -> None:
    post = collected()
    make_variant(make_video(post=post), is_stored=False)
    Variant.objects.stored().update(stored_at=after(3))

    assert words(post)[-1] == "First file stored"


@pytest.mark.parametrize(("state", "end"), [("failed", "Given up"), ("cancelled", "Stopped")])
def test_post_that_was_not_collected_tells_its_end(state: str, end: str) -> None:
    post = make_post(created_at=BEGIN, collected_at=None)
    make_job(post=post, state=state, started_at=after(1), attempts=5, finished_at=after(2))

    assert words(post) == ["Added", "Asked X, attempt 5", end]


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        ({"rechecked_at": after(9)}, "Still on X"),
        ({"rechecked_at": after(9), "deleted_on_x_at": after(9)}, "Gone from X; what is stored stays"),
    ],
)
def test_post_that_was_looked_at_again_says_what_was_found(fields: dict[str, datetime], end: str) -> None:
    assert words(collected(**fields))[-1] == end
