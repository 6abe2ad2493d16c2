"""The rows' own vocabulary."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cakelens.labels import V5_LABELS, Label
from labeling.models import (
    Annotation,
    ApiToken,
    Guideline,
    Post,
    PostSource,
    Settlement,
    SiteSettings,
    Video,
    XPause,
    label_field,
)
from labeling.models.answers import validate_label_names
from tests.factories import (
    make_annotation,
    make_post,
    make_settlement,
    make_user,
    make_variant,
    make_video,
)

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def in_minutes(minutes: float) -> timedelta:
    return timedelta(minutes=minutes)


def test_every_label_has_a_field() -> None:
    assert [field.name for field in Settlement._meta.fields if field.name in map(label_field, V5_LABELS)] == [
        label_field(label) for label in V5_LABELS
    ]


def test_labels_are_in_the_order_of_the_model() -> None:
    annotation = make_annotation(make_video(), make_user(), ai_gen=True, sora=True, vidu=False)

    judged = annotation.labels()

    assert list(judged) == list(V5_LABELS)
    assert (judged[Label.SORA], judged[Label.VIDU], judged[Label.KLING]) == (True, False, None)
    assert annotation.positive_labels() == [Label.AI_GEN, Label.SORA]


def test_posts_by_how_far_they_are() -> None:
    collected, waiting = make_post(), make_post(collected_at=None)
    failed = make_post(collected_at=None, failure_kind="deleted", failure_message="The post is gone.")

    assert list(Post.objects.collected()) == [collected]
    assert list(Post.objects.waiting()) == [waiting]
    assert [(post, post.failure_kind) for post in Post.objects.failed()] == [(failed, "deleted")]


@pytest.mark.parametrize(
    ("text", "is_found"),
    [("LOOK AT", True), ("@maker", True), ("MAKER", True), ("123", True), ("12", False), ("nobody", False)],
)
def test_posts_are_found_by_text_author_and_id(text: str, is_found: bool) -> None:
    make_post("123")

    assert Post.objects.matching(text).exists() is is_found


def test_posts_count_their_videos(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    post = make_post()
    make_video(post=post)
    make_video(post=post)
    make_post()

    with django_assert_num_queries(1):
        counts = [found.num_videos for found in Post.objects.with_num_videos().order_by("pk")]  # type: ignore[attr-defined]

    assert counts == [2, 0]


def test_post_links_to_x_unless_it_was_imported() -> None:
    imported = make_post("import:ab", source=PostSource.IMPORT, author_handle="")

    assert make_post("20").url == "https://x.com/i/status/20"
    assert imported.url == ""
    assert [str(make_post("21")), str(imported)] == ["@maker 21", "import:ab"]


def test_videos_by_what_is_known_of_them() -> None:
    bare, unsettled, settled = make_video(is_ready=False), make_video(), make_video(split="test")
    make_settlement(settled)

    assert set(Video.objects.ready()) == {unsettled, settled}
    assert set(Video.objects.settled()) == {settled}
    assert set(Video.objects.unsettled()) == {bare, unsettled}
    assert set(Video.objects.in_split("test")) == {settled}


def test_exportable_videos_neither_leak_nor_were_taken_back() -> None:
    good, quarantined, withdrawn = (
        make_video(),
        make_video(quarantine="a twin"),
        make_video(is_withdrawn=True),
    )
    for video in (good, quarantined, withdrawn):
        make_settlement(video)
    make_video()

    assert list(Video.objects.exportable()) == [good]


def test_video_becomes_ready_once() -> None:
    video = make_video(ready_at=None)

    assert [video.mark_ready(), video.mark_ready()] == [True, False]
    video.refresh_from_db()
    assert video.ready_at is not None


def test_best_variant_is_the_largest_stored_one() -> None:
    video = make_video()
    make_variant(video, width=1280, height=720, num_bytes=2000)
    best = make_variant(video, width=1280, height=720, num_bytes=1500)
    make_variant(video, is_stored=False, declared_width=1920)

    assert video.best_variant() == best


def test_video_without_a_file_has_no_best_variant() -> None:
    assert make_video(is_ready=False).best_variant() is None


def test_latest_annotations_are_one_a_person_and_video() -> None:
    video, ana, ben = make_video(), make_user("ana"), make_user("ben")
    make_annotation(video, ana)
    latest = [make_annotation(video, ana, "undone"), make_annotation(video, ben)]
    latest.append(make_annotation(make_video(), ana))

    assert list(Annotation.objects.latest_per_labeler().order_by("pk")) == latest


def test_standing_annotations_are_the_latest_that_label() -> None:
    video = make_video()
    ana, ben, cleo = (make_user(name) for name in ("ana", "ben", "cleo"))
    make_annotation(video, ana, ai_gen=True)
    standing = make_annotation(video, ana, ai_gen=False)
    make_annotation(video, ben)
    make_annotation(video, ben, "voided")
    make_annotation(video, cleo, "skipped")
    make_annotation(make_video(), cleo)

    assert list(Annotation.objects.standing_for(video)) == [standing]


def test_standing_settlement_is_the_one_the_video_names() -> None:
    video = make_video()
    make_settlement(video, ai_gen=True)
    newest = make_settlement(video, ai_gen=False)

    assert list(Settlement.objects.standing()) == [newest]


@pytest.mark.parametrize("names", [["NO_SUCH"], ["AI_GEN", "ai_gen"], "AI_GEN", [7]])
def test_unknown_label_names_are_refused(names: object) -> None:
    with pytest.raises(ValidationError, match="Not a label"):
        validate_label_names(names)


def test_known_label_names_pass() -> None:
    validate_label_names(["AI_GEN", "VIDU"])


def test_guideline_in_force_is_the_newest() -> None:
    before = Guideline.version_in_force()
    Guideline.objects.create(version=4, text="Look at the hands.")

    assert (before, Guideline.version_in_force()) == (1, 4)


def test_site_settings_are_one_row_with_history() -> None:
    settings = SiteSettings.current()
    settings.overlap_percent = 20
    settings.save()

    SiteSettings(overlap_percent=30).save()

    assert SiteSettings.current().overlap_percent == 30
    assert [row.overlap_percent for row in SiteSettings.history.order_by("history_id")] == [0, 20, 30]


def test_token_names_its_user_and_is_never_stored() -> None:
    ana = make_user("ana")

    text = ApiToken.objects.issue(ana, "laptop")

    assert text.startswith("cake_")
    assert text not in ApiToken.objects.get().digest
    assert ApiToken.objects.user_for(text) == ana
    assert ApiToken.objects.user_for(text + "x") is None


def test_revoked_token_names_nobody() -> None:
    text = ApiToken.objects.issue(make_user())

    ApiToken.objects.update(revoked_at=timezone.now())

    assert ApiToken.objects.user_for(text) is None


def test_token_of_somebody_who_left_names_nobody() -> None:
    text = ApiToken.objects.issue(make_user(is_active=False))

    assert ApiToken.objects.user_for(text) is None


def test_pause_lasts_until_its_end() -> None:
    now = timezone.now()

    XPause.start(now + in_minutes(5), "rate limit")
    pause = XPause.current()
    XPause.objects.update(until=now - in_minutes(1))

    assert pause is not None
    assert pause.reason == "rate limit"
    assert XPause.current() is None


@pytest.mark.parametrize(("minutes", "until"), [(5, 10), (15, 15)])
def test_later_end_of_a_pause_is_kept(minutes: int, until: int) -> None:
    now = timezone.now()
    XPause.start(now + in_minutes(10), "first")

    XPause.start(now + in_minutes(minutes), "second")

    pause = XPause.current()
    assert pause is not None
    assert pause.until == now + in_minutes(until)
