"""The pages of videos, with the real client."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.factories import (
    make_annotation,
    make_evidence,
    make_group,
    make_model,
    make_post,
    make_prediction,
    make_settlement,
    make_user,
    make_variant,
    make_video,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer(client: Client) -> Client:
    client.force_login(make_user("rob", role="reviewer"))
    return client


def found(client: Client, query: str) -> list[str]:
    return [video.key for video in client.get(f"/videos/?{query}").context["page"].rows]


def test_video_list_asks_strangers_to_log_in(client: Client) -> None:
    assert client.get("/videos/").status_code == 302


def test_empty_video_list_says_how_to_begin(labeler: Client) -> None:
    assert "No video has been collected yet" in labeler.get("/videos/").text


def test_video_list_says_what_it_cannot_narrow_by(labeler: Client) -> None:
    assert "Same footage as video: Enter a whole number." in labeler.get("/videos/?group=that").text


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("state=unsettled", ["fresh"]),
        ("state=settled", ["real", "sora"]),
        ("state=collecting", ["bare"]),
        ("state=quarantined", ["sora"]),
        ("label=SORA", ["sora"]),
        ("label=NOT_AI", ["real"]),
        ("label=NOT_AI&split=train", []),
        ("split=test", ["real"]),
        ("label=UNHEARD_OF&split=moon", ["bare", "fresh", "real", "sora"]),
    ],
)
def test_video_list_shows_what_matches(labeler: Client, query: str, keys: list[str]) -> None:
    make_settlement(make_video(key="sora", quarantine="It would leak."), sora=True)
    make_settlement(make_video(key="real", split="test"), ai_gen=False)
    make_video(key="fresh")
    make_video(key="bare", is_ready=False)

    assert found(labeler, query) == keys


@pytest.mark.slow
def test_video_list_keeps_its_filter_from_page_to_page(labeler: Client) -> None:
    for _ in range(61):
        make_video(num_slots=0)

    page = labeler.get("/videos/?split=train")

    assert len(page.context["page"].rows) == 60
    assert f"?split=train&amp;before={page.context['page'].older}" in page.text


def test_video_list_costs_the_same_queries_with_many_videos(
    labeler: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        make_settlement(make_video())

    with django_assert_num_queries(
        7
    ):  # session, user, rights (2), people who labeled, videos, what to withhold
        labeler.get("/videos/")


def test_filters_by_day_add_no_query(
    labeler: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    video = make_video()
    make_settlement(video, annotations=[make_annotation(video, make_user("bea"))])

    with django_assert_num_queries(7):
        labeler.get("/videos/?state=exportable&label=AI_GEN&settled=2020-01-01&labeled=2020-01-01")


def test_video_detail_shows_the_labels_that_count(labeler: Client) -> None:
    video = make_video()
    make_settlement(video, sora=True, method="single")

    page = labeler.get(f"/videos/{video.pk}/")

    assert '<span class="tag is-on">SORA</span>' in page.text
    assert "one answer" in page.text


def test_video_detail_plays_the_largest_variant_or_the_one_asked_for(labeler: Client) -> None:
    video = make_video()
    small, large = video.variants.get(), make_variant(video, width=1280, height=720)

    largest = labeler.get(f"/videos/{video.pk}/").context["page"].variant
    chosen = labeler.get(f"/videos/{video.pk}/?variant={small.pk}").context["page"].variant

    assert (largest, chosen) == (large, small)


def test_video_detail_tells_the_history_of_answers_with_their_evidence(labeler: Client) -> None:
    video = make_video()
    answer = make_annotation(
        video, make_user("bea"), sora=True, note="Look at the hands.", shown_model="v5.1"
    )
    make_evidence(answer, "SORA", quote="Made with Sora", at_seconds=1.25)  # type: ignore[arg-type]
    make_settlement(video, sora=True, annotations=[answer])

    page = labeler.get(f"/videos/{video.pk}/")

    for words in ("bea", "SORA", "Look at the hands.", "“Made with Sora”", "saw v5.1", 'data-start="1.25"'):
        assert words in page.text


def test_video_detail_shows_what_models_say(labeler: Client) -> None:
    video = make_video()
    make_prediction(video, make_model("v5.1"), ai_gen=0.87)

    page = labeler.get(f"/videos/{video.pk}/")

    assert "<b>87%</b>" in page.text


def test_blind_video_shows_a_labeler_neither_predictions_nor_others_answers(labeler: Client) -> None:
    video = make_video(split="test")
    make_prediction(video, make_model("v5.1"), ai_gen=0.87)
    make_annotation(video, make_user("bea"), note="Surely Sora.")

    page = labeler.get(f"/videos/{video.pk}/")

    assert "87%" not in page.text
    assert "v5.1" not in page.text
    assert "Surely Sora." not in page.text
    assert "This video is labeled blind." in page.text


def test_blind_video_shows_a_reviewer_everything(reviewer: Client) -> None:
    video = make_video(split="test")
    make_prediction(video, make_model("v5.1"), ai_gen=0.87)
    make_annotation(video, make_user("bea"), note="Surely Sora.")

    page = reviewer.get(f"/videos/{video.pk}/")

    assert "87%" in page.text
    assert "Surely Sora." in page.text


def test_blind_video_that_is_settled_shows_everything(labeler: Client) -> None:
    video = make_video(split="test")
    make_prediction(video, make_model("v5.1"), ai_gen=0.87)
    make_settlement(video)

    assert "87%" in labeler.get(f"/videos/{video.pk}/").text


def test_video_detail_names_videos_of_the_same_footage(labeler: Client) -> None:
    group = make_group()
    video, twin = make_video(group=group), make_video(group=group)

    page = labeler.get(f"/videos/{video.pk}/")

    assert page.context["page"].twins == [twin]
    assert "Same footage" in page.text


def test_twin_is_shown_with_its_own_labels(labeler: Client) -> None:
    group = make_group()
    video, twin = make_video(group=group), make_video(group=group, quarantine="Same footage as 7/0")
    make_settlement(twin, sora=True)

    page = labeler.get(f"/videos/{video.pk}/")

    assert "SORA" in page.text
    assert "Quarantined: Same footage as 7/0" in page.text


def test_twin_of_a_blind_video_keeps_its_labels_to_itself(labeler: Client) -> None:
    group = make_group("test")
    video, twin = make_video(group=group), make_video(group=group)
    make_settlement(twin, sora=True)

    page = labeler.get(f"/videos/{video.pk}/")

    assert "labels not shown: blind" in page.text
    assert "SORA" not in page.text


def test_video_without_a_stored_file_says_so(labeler: Client) -> None:
    video = make_video(is_ready=False)

    assert "No file of this video is stored." in labeler.get(f"/videos/{video.pk}/").text


def test_video_detail_costs_the_same_queries_with_many_answers_and_models(
    labeler: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    video = make_video()
    answers = [make_annotation(video, make_user(name)) for name in ("bea", "cid", "dan")]
    make_settlement(video, annotations=answers)
    for number in range(3):
        make_prediction(video, make_model(f"m{number}"), is_served=number == 0)

    # Who asks and what they may takes four; the video, whether to withhold its labels, its variants, whether
    # to withhold what models said (two), what they and people said, its twins.
    with django_assert_num_queries(13):
        labeler.get(f"/videos/{video.pk}/")


@pytest.mark.parametrize("path", ["/videos/", "/posts/", "/posts/{post}/"])
def test_sensitive_clip_is_veiled_in_lists(labeler: Client, path: str) -> None:
    video = make_video(post=make_post(is_sensitive=True), poster_name="posters/a.jpg")

    assert 'class="poster is-veiled"' in labeler.get(path.format(post=video.post_id)).text


def test_sensitive_clip_is_hidden_until_it_is_asked_for(labeler: Client) -> None:
    video = make_video(post=make_post(is_sensitive=True))
    make_video(post=make_post())

    hidden = labeler.get(f"/videos/{video.pk}/").text
    shown = labeler.get(f"/videos/{video.pk}/?show=1").text

    assert ("X marks this post as sensitive." in hidden, "data-hidden" in hidden) == (True, True)
    assert ("X marks this post as sensitive." in shown, "data-hidden" in shown) == (False, False)
