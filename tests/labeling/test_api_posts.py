"""Collecting over the API."""

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from jobs import doorbell
from labeling.api_posts import PostState
from labeling.collecting.adding import LinkState
from labeling.filters import POST_STATES
from labeling.models import AddedHow, CollectJob, Post
from tests.api import ApiClient
from tests.factories import make_post, make_settlement, make_variant, make_video

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def test_links_become_posts_that_will_be_collected(api: ApiClient, ana: User) -> None:
    response = api.send("/posts", {"urls": ["https://x.com/maker/status/20"]})

    post = Post.objects.get()
    assert response.status_code == 202
    assert response.json() == [{"url": "https://x.com/maker/status/20", "id": post.pk, "state": "new"}]
    assert (post.x_id, post.added_by, post.added_how) == ("20", ana, AddedHow.API)
    assert CollectJob.objects.get().post == post


def test_new_post_rings_for_a_worker(
    api: ApiClient,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    rung: list[tuple[str, int]] = []
    monkeypatch.setattr(doorbell, "ring", lambda name, pk: rung.append((name, pk)))

    with django_capture_on_commit_callbacks(execute=True):
        api.send("/posts", {"urls": ["https://x.com/maker/status/20"]})

    assert rung == [("labeling.tasks.collect_post", CollectJob.objects.get().pk)]


def test_each_link_gets_its_own_answer(api: ApiClient) -> None:
    known = make_post("21")

    found = api.send(
        "/posts", {"urls": ["x.com/a/status/20", "21000000", "x.com/b/status/21", "hello"]}
    ).json()

    assert [link["state"] for link in found] == ["new", "new", "known", "refused"]
    assert found[2]["id"] == known.pk
    assert "id" not in found[3]
    assert "hello" in found[3]["error"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "urls: Field required"),
        ({"urls": []}, "urls: List should have at least 1 item"),
        ({"urls": "https://x.com/a/status/20"}, "urls: Input should be a valid list"),
        ({"urls": [20]}, "urls.0: Input should be a valid string"),
        ({"urls": ["20"] * 2001}, "urls: List should have at most 2000 items"),
    ],
)
def test_request_that_holds_no_links_is_refused(body: dict[str, object], words: str, api: ApiClient) -> None:
    response = api.send("/posts", body)

    assert response.status_code == 422
    assert words in response.json()["detail"]
    assert not Post.objects.exists()


def test_posts_are_listed_newest_first(api: ApiClient) -> None:
    first = make_post("20")
    make_post("21", collected_at=None, failure_kind="deleted", failure_message="The post is gone.")
    make_video(post=first)

    found = api.read("/posts").json()

    assert [post["x_id"] for post in found["posts"]] == ["21", "20"]
    assert [post["state"] for post in found["posts"]] == ["failed", "collected"]
    assert found["posts"][0]["failure"] == {"kind": "deleted", "message": "The post is gone."}
    assert (found["posts"][1]["num_videos"], found["older"]) == (1, None)


def test_long_list_comes_in_pages(api: ApiClient) -> None:
    posts = [make_post() for _ in range(52)]

    first = api.read("/posts").json()
    second = api.read("/posts", before=first["older"]).json()

    assert (len(first["posts"]), first["older"]) == (50, str(posts[2].pk))
    assert [post["id"] for post in second["posts"]] == [posts[1].pk, posts[0].pk]
    assert second["older"] is None


@pytest.mark.parametrize("num_posts", [1, 12])
def test_list_costs_the_same_few_queries(
    num_posts: int, api: ApiClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(num_posts):
        make_video(post=make_post())

    with django_assert_num_queries(2):
        api.read("/posts")


def test_list_can_be_narrowed(api: ApiClient) -> None:
    waiting = make_post("1000", collected_at=None)
    sora = make_post("1001", text="Made with love")
    make_settlement(make_video(post=sora), ai_gen=True, sora=True)
    make_settlement(make_video(post=sora, index=1), ai_gen=True, sora=True)
    make_settlement(make_video(post=make_post("1002")), ai_gen=True)

    by_state = api.read("/posts", state="waiting").json()["posts"]
    by_label = api.read("/posts", label="SORA").json()["posts"]
    by_text = api.read("/posts", q=" LOVE ").json()["posts"]

    assert [post["id"] for post in by_state] == [waiting.pk]
    assert [(post["id"], post["num_videos"]) for post in by_label] == [(sora.pk, 2)]
    assert [post["id"] for post in by_text] == [sora.pk]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (
            {"state": "lost"},
            "state: Input should be 'waiting', 'collected', 'storing', 'failed', 'incomplete' or 'deleted'",
        ),
        ({"label": "NO_SUCH"}, "label: Input should be 'AI_GEN'"),
        ({"before": "x"}, "before: Input should be a valid integer"),
    ],
)
def test_unknown_filter_is_refused(query: dict[str, str], words: str, api: ApiClient) -> None:
    response = api.read("/posts", **query)

    assert response.status_code == 422
    assert words in response.json()["detail"]


def test_states_are_those_of_the_page() -> None:
    assert [state.value for state in PostState] == list(POST_STATES)


def test_post_shows_its_videos_and_what_they_were_settled_as(api: ApiClient) -> None:
    post = make_post("20")
    settled, open_ = make_video(post=post), make_video(post=post, split="test")
    make_variant(settled, width=1280, height=720)
    make_variant(settled, is_stored=False, declared_width=1920)
    make_settlement(settled, ai_gen=True, veo=True)

    found = api.read(f"/posts/{post.pk}").json()

    first, second = found["videos"]
    assert (found["x_id"], found["state"], found["num_videos"]) == ("20", "collected", 2)
    assert [variant["width"] for variant in first["variants"]] == [1280, 640]
    assert (first["key"], first["split"], first["labels"]["VEO"]) == ("20/0", "train", True)
    assert (second["id"], second["split"], second["labels"]) == (open_.pk, "test", None)


@pytest.mark.parametrize("num_videos", [1, 4])
def test_post_costs_the_same_few_queries(
    num_videos: int, api: ApiClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    post = make_post()
    for _ in range(num_videos):
        make_settlement(make_video(post=post))

    # Who asks, the post, its videos, their variants; who is told everything (2), and what others are not.
    with django_assert_num_queries(7):
        api.read(f"/posts/{post.pk}")


def test_link_states_are_the_ones_that_are_documented() -> None:
    assert {state.value for state in LinkState} == {"new", "known", "refused"}
