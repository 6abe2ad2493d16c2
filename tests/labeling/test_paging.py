"""Pages by key."""

import pytest

from labeling.models import Post
from labeling.paging import KeysetPage
from tests.factories import make_post

pytestmark = pytest.mark.django_db


def read(**query: str) -> tuple[list[str], bool, bool]:
    page = KeysetPage.read(Post.objects.all(), query, size=2)
    return [post.x_id for post in page.rows], page.newer is not None, page.older is not None


def keys() -> dict[str, str]:
    return {post.x_id: str(post.pk) for post in Post.objects.all()}


def test_first_page_holds_the_newest_and_leads_to_older_ones() -> None:
    for x_id in "abc":
        make_post(x_id)

    assert read() == (["c", "b"], False, True)


def test_last_page_leads_back() -> None:
    for x_id in "abc":
        make_post(x_id)

    assert read(before=keys()["b"]) == (["a"], True, False)


def test_page_after_a_key_holds_those_next_to_it() -> None:
    for x_id in "abcd":
        make_post(x_id)

    assert read(after=keys()["a"]) == (["c", "b"], True, True)


def test_page_after_the_first_page_s_end_is_the_first_page() -> None:
    for x_id in "abc":
        make_post(x_id)

    assert read(after=keys()["a"]) == (["c", "b"], False, True)


def test_empty_list_has_one_empty_page() -> None:
    assert read() == ([], False, False)


@pytest.mark.parametrize("key", ["", "x", "-1", "1" * 40])
def test_key_that_is_none_shows_the_newest(key: str) -> None:
    make_post("a")

    assert read(before=key) == (["a"], False, False)
