"""`manage.py recheck`: which collected posts are still on X."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from labeling import storage
from labeling.models import Post, XPause
from tests.collecting.standin import statuses
from tests.collecting.standin.x import Standin
from tests.factories import make_post, make_variant, make_video

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.embedded]

LONG_AGO = timezone.now() - timedelta(days=30)


@pytest.fixture(autouse=True)
def _through_the_standin(standin: Standin, settings: Settings) -> None:
    settings.X_PROXY, settings.X_CA_FILE = standin.proxy, standin.ca_file


def collected(x_id: str, **fields: Any) -> Post:
    return make_post(x_id=x_id, collected_at=LONG_AGO, **fields)


def there(standin: Standin) -> str:
    return standin.add_post([standin.add_video([standin.clip()])])


def test_deleted_post_is_marked(standin: Standin) -> None:
    post = collected(standin.new_id())

    call_command("recheck")

    post.refresh_from_db()
    assert post.deleted_on_x_at is not None
    assert post.failure_kind == ""


def test_stored_files_of_a_deleted_post_stay(standin: Standin, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"bytes")
    stored = storage.store_file(tmp_path / "a.mp4", ".mp4")
    video = make_video(post=collected(standin.new_id()))
    variant = make_variant(video, name=stored.name)

    call_command("recheck")

    variant.refresh_from_db()
    path = storage.local_path(stored.name)
    assert path is not None
    assert path.read_bytes() == b"bytes"
    assert (variant.state, variant.name) == ("stored", stored.name)


def test_post_that_is_there_is_not_marked(standin: Standin) -> None:
    post = collected(there(standin))

    call_command("recheck")

    post.refresh_from_db()
    assert post.deleted_on_x_at is None
    assert post.rechecked_at is not None


def test_post_of_a_protected_account_is_not_deleted(standin: Standin) -> None:
    post = collected(standin.add_result(statuses.unavailable("Protected")))

    call_command("recheck")

    post.refresh_from_db()
    assert post.deleted_on_x_at is None


def test_post_that_came_back_is_unmarked(standin: Standin) -> None:
    post = collected(there(standin), deleted_on_x_at=LONG_AGO)

    call_command("recheck")

    post.refresh_from_db()
    assert post.deleted_on_x_at is None


def test_recheck_asks_each_post_once_a_day(standin: Standin) -> None:
    collected(there(standin))
    call_command("recheck")
    asked = len(standin.site.requests)

    call_command("recheck")

    assert len(standin.site.requests) == asked


def test_recheck_prints_one_object_a_post(standin: Standin, capsys: pytest.CaptureFixture[str]) -> None:
    post = collected(standin.new_id())

    call_command("recheck", json=True)

    assert json.loads(capsys.readouterr().out) == {
        "url": post.url,
        "x_id": post.x_id,
        "state": "gone",
        "kind": "deleted",
        "message": f"Post {post.x_id} does not exist (any more).",
    }


def test_post_that_could_not_be_asked_for_is_left_for_the_next_run(standin: Standin) -> None:
    post = collected(there(standin))
    standin.break_graphql(post.x_id, status=429, times=9)
    standin.break_syndication(post.x_id, status=429, times=9)

    with pytest.raises(CommandError, match="1 posts could not be asked for"):
        call_command("recheck")

    post.refresh_from_db()
    assert (post.rechecked_at, post.deleted_on_x_at) == (None, None)
    assert XPause.current() is not None
