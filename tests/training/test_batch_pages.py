"""One batch beside another, what it is made of, and which of its videos are shown."""

import pytest
from django.test import Client
from django.utils.html import strip_tags

from labeling.models import GoldAnswer, Video
from tests.factories import (
    make_annotation,
    make_batch,
    make_evidence,
    make_group,
    make_model,
    make_settlement,
    make_user,
    make_variant,
    make_video,
)
from tests.files import put_files
from training import export
from training.batches.differences import difference
from training.batches.filters import BatchFilters
from training.forms import BatchVideosForm, ExportForm
from training.models import ExportJob, TrainingBatch
from training.pages.batch_page import label_rows
from training.pages.facts_page import facts, largest_groups
from training.pages.growth import Growth
from training.pages.scores_chart import scores_chart

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user("root", role="admin"))
    return client


def shown(batch: TrainingBatch, **query: str) -> list[Video]:
    return [item.settlement.video for item in BatchVideosForm(query).items(batch).order_by("pk")]


def two_versions() -> tuple[TrainingBatch, TrainingBatch, dict[str, Video]]:
    """Make v5.0 and v5.1 with a video of each fate between them."""
    videos = {name: make_video() for name in ("kept", "removed", "added", "relabeled", "confirmed")}
    then = {name: make_settlement(video, kling=True) for name, video in videos.items()}
    first = make_batch("v5.0", settlements=[then[name] for name in then if name != "added"])
    anew = make_settlement(videos["relabeled"], kling=None)
    confirmed = make_settlement(videos["confirmed"], kling=True, method="adjudicated")
    second = make_batch("v5.1", settlements=[then["kept"], then["added"], anew, confirmed])
    return first, second, videos


@pytest.mark.parametrize("change", ["added", "removed", "relabeled"])
def test_change_between_batches_leads_to_its_videos(change: str) -> None:
    first, second, videos = two_versions()

    cells = dict(difference(second, first).cells)

    assert [cells[name].number for name in ("Added", "Removed", "Relabeled")] == [1, 1, 1]
    assert shown(second, change=change, against="v5.0") == [videos[change]]
    assert shown(second, change=change) == [videos[change]]


def test_difference_is_counted_once(django_assert_num_queries: object) -> None:
    first, second, _ = two_versions()
    difference(second, first)

    with django_assert_num_queries(0):  # type: ignore[operator]
        difference(second, first)


def test_page_compares_with_the_batch_that_is_asked_for(admin: Client) -> None:
    two_versions()
    make_batch("v5.2")

    before = admin.get("/batches/v5.2/").context["difference"]
    asked = admin.get("/batches/v5.2/?against=v5.0").context["difference"]

    assert (before.other.slug, asked.other.slug) == ("v5.1", "v5.0")
    assert admin.get("/batches/v5.0/").context["difference"] is None


def test_batch_is_compared_with_one_that_was_filtered_alike(admin: Client) -> None:
    make_batch("whole")
    make_batch("veo-1", filters={"labels": ["VEO"]})
    make_batch("kling", filters={"labels": ["KLING"]})
    make_batch("veo-2", filters={"labels": ["VEO"]})
    make_batch("whole-2")

    compared = {
        slug: admin.get(f"/batches/{slug}/").context["difference"].other.slug
        for slug in ("veo-1", "veo-2", "whole-2")
    }

    assert compared == {"veo-1": "whole", "veo-2": "veo-1", "whole-2": "whole"}
    assert "Beside kling (filtered)</h2>" in admin.get("/batches/whole-2/?against=kling").text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("added", "In v5.1 and not in v5.0. Each with the labels it had when v5.1 was exported."),
        ("removed", "In v5.0 and not in v5.1. Each with the labels it had when v5.0 was exported."),
        ("relabeled", "Labeled otherwise in v5.0. Each with the labels it had when v5.1 was exported."),
    ],
)
def test_list_of_a_change_names_both_batches(admin: Client, change: str, words: str) -> None:
    two_versions()

    page = admin.get(f"/batches/v5.1/videos/?change={change}&against=v5.0")

    assert words in " ".join(strip_tags(page.text).split())


def test_videos_are_shown_by_the_size_and_length_of_their_largest_file() -> None:
    small, large = make_video(), make_video()
    make_variant(large, width=1920, height=1080, duration_seconds=40)
    batch = make_batch(settlements=[make_settlement(small), make_settlement(large)])

    assert shown(batch, resolution="360p") == [small]
    assert shown(batch, resolution="1080p") == [large]
    assert shown(batch, duration="30 to 60 s") == [large]
    assert shown(batch, duration="2 min and more") == []


def test_videos_are_shown_by_evidence_and_by_its_absence() -> None:
    said, silent = make_video(), make_video()
    answer = make_annotation(said, make_user())
    make_evidence(answer, kind="watermark")
    batch = make_batch(settlements=[make_settlement(said, annotations=[answer]), make_settlement(silent)])

    assert shown(batch, evidence="watermark") == [said]
    assert shown(batch, evidence="none") == [silent]


def test_videos_of_a_group_are_shown() -> None:
    group = make_group()
    twins = [make_video(group=group), make_video(group=group)]
    batch = make_batch(settlements=[make_settlement(video) for video in (*twins, make_video())])

    assert shown(batch, group=group.key) == twins


@pytest.mark.django_db(transaction=True)
def test_every_number_of_what_a_batch_is_made_of_leads_to_as_many_videos(admin: Client) -> None:
    for number in range(3):
        video = make_video(group=make_group() if number else None)
        make_variant(video, width=1280, height=720, duration_seconds=float(number * 7))
        make_settlement(video, kling=bool(number), ai_gen=bool(number))
    put_files()
    batch = export.export_batch()

    bars = [bar for fact in facts(batch) for bar in fact.bars if bar.number]

    assert {bar.name for bar in bars} >= {"AI_GEN", "not AI", "KLING", "720p", "None", "under 5 s"}
    for bar in bars:
        assert len(admin.get(bar.url).context["page"].rows) == bar.number


@pytest.mark.django_db(transaction=True)
def test_every_number_of_a_label_leads_to_as_many_videos(admin: Client) -> None:
    for kling in (True, True, False, None):
        make_settlement(make_video(), ai_gen=True, kling=kling)
    make_settlement(make_video(), ai_gen=False)
    put_files()
    batch = export.export_batch()

    rows = {row.name: row for row in label_rows(batch)}
    cells = [cell for row in rows.values() for cell in (*row.positives, *row.others) if cell.number]

    assert [cell.number for cell in rows["KLING"].others] == [1, 2]
    assert [cell.number for cell in rows["AI_GEN"].others] == [1, 0]
    for cell in cells:
        assert len(admin.get(cell.url).context["page"].rows) == cell.number


def test_not_ai_judged_no_is_ai() -> None:
    ai, real = make_settlement(make_video()), make_settlement(make_video(), ai_gen=False)
    batch = make_batch(settlements=[ai, real])

    assert shown(batch, label="NOT_AI") == [real.video]
    assert shown(batch, label="NOT_AI", judged="no") == [ai.video]
    assert shown(batch, judged="no") == [ai.video, real.video]


def test_largest_groups_come_first() -> None:
    batch = make_batch(num_train=10, facts={"groups": {"a": 2, "b": 5}})

    assert [(bar.name, bar.number, bar.url) for bar in largest_groups(batch)] == [
        ("b", 5, "/batches/v5.0/videos/?group=b"),
        ("a", 2, "/batches/v5.0/videos/?group=a"),
    ]


def test_models_stand_over_the_size_of_their_batch() -> None:
    for slug, size, auc in (("v5.0", 100, 0.7), ("v5.1", 400, 0.8)):
        batch = make_batch(slug, num_train=size)
        make_model(f"of-{size}", batch_digest=batch.digest, metrics={"auc": auc})

    chart = scores_chart(Growth.read().versions)

    assert chart is not None
    assert [(mark.size, mark.auc.value) for mark in chart.marks] == [(100, 0.7), (400, 0.8)]
    assert chart.marks[0].x < chart.marks[1].x
    assert chart.marks[0].y > chart.marks[1].y


def test_without_measured_models_there_is_no_chart() -> None:
    make_model(batch_digest=make_batch(num_train=1).digest)

    assert scores_chart(Growth.read().versions) is None


def test_page_says_what_a_full_bar_stands_for(admin: Client) -> None:
    judged = {"AI_GEN": 900, "ANIME_3D": 7, "KLING": 300, "VEO": 20}
    counts = {label: {"train": [number, 0, 0]} for label, number in judged.items()}
    make_batch(num_train=1200, label_counts=counts)

    words = "A full bar stands for 1,200 videos at AI_GEN, 7 at a style, 300 at a generator."
    assert words in admin.get("/batches/v5.0/").text


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (2, "chance alone reaches any of these numbers"),
        (16, "The mark stands at 0.77, which chance alone reaches in so small a batch"),
        (200, "The mark stands at 0.70: from there on"),
    ],
)
def test_page_says_from_where_on_a_fact_gives_too_much_away(admin: Client, number: int, words: str) -> None:
    make_batch(confounds={"num_bytes": 0.75}, label_counts={"AI_GEN": {"train": [number, number, 0]}})

    assert words in admin.get("/batches/v5.0/").text


def test_page_says_what_was_learned_since(admin: Client) -> None:
    leaky, gone = make_video(), make_video()
    make_batch(num_train=2, settlements=[make_settlement(leaky), make_settlement(gone)])
    Video.objects.filter(pk=leaky.pk).update(quarantine="Same footage as 1/0, which is in test.")
    Video.objects.filter(pk=gone.pk).update(is_withdrawn=True)

    page = admin.get("/batches/v5.0/")

    assert "1 of its videos turned out to be the same footage" in page.text
    assert f'href="/videos/{leaky.pk}/" title="Same footage as 1/0, which is in test."' in page.text
    assert '<a href="/batches/v5.0/videos/?state=withdrawn">1 of its videos</a> was withdrawn.' in page.text


def test_withdrawn_videos_of_a_batch_are_marked_and_shown_alone(admin: Client) -> None:
    kept, gone = make_video(), make_video(is_withdrawn=True)
    batch = make_batch(settlements=[make_settlement(kept), make_settlement(gone)])

    page = admin.get("/batches/v5.0/videos/")

    assert page.text.count('<span class="tag">withdrawn</span>') == 1
    assert shown(batch, state="withdrawn") == [gone]


def test_page_says_what_an_export_was_narrowed_to(admin: Client) -> None:
    make_batch(filters={"labels": ["KLING", "NOT_AI"], "evidence": ["author"], "min_answers": 2})

    page = admin.get("/batches/v5.0/")

    assert "<dt>Only with</dt><dd>KLING, not AI</dd>" in page.text
    assert "<dt>Only with evidence</dt><dd>Author says so</dd>" in page.text
    assert "<dt>People who agree, at least</dt><dd>2</dd>" in page.text


@pytest.mark.django_db(transaction=True)
def test_number_of_what_filters_kept_out_leads_to_it(admin: Client) -> None:
    left_out, quarantined = make_video(), make_video(quarantine="Same footage as 1/0")
    for video in (left_out, quarantined):
        make_settlement(video, ai_gen=False)
    anew = make_video()
    make_settlement(anew, kling=True)
    put_files()
    export.export_batch(filters=BatchFilters(labels=("KLING",)))
    make_settlement(anew, ai_gen=False)
    make_settlement(make_video(), ai_gen=False)

    cell = dict(admin.get("/batches/v5.0/").context["left_out"])["filtered out"]
    page = admin.get(cell.url)

    assert (cell.number, page.context["page"].rows) == (1, [left_out])
    assert "Only with: KLING. Settled at its export" in page.text


def test_list_of_what_filters_kept_out_says_when_nothing_is_left(admin: Client) -> None:
    make_batch(filters={"labels": ["KLING"]})

    assert "No video is left of them" in admin.get("/batches/v5.0/filtered-out/").text


def test_list_of_what_filters_kept_out_does_not_tell_labelers_what_gold_is(client: Client) -> None:
    client.force_login(make_user())
    video = make_video()
    make_settlement(video, sora=True)
    GoldAnswer.objects.create(video=video, added_by=make_user("rita"), ai_gen=True, sora=True)
    make_batch(filters={"labels": ["KLING"]})

    page = client.get("/batches/v5.0/filtered-out/")

    assert page.context["page"].rows == [video]
    assert "SORA" not in page.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("part", ["clips.csv", "croissant.json"])
def test_files_beside_the_manifest_are_sent(admin: Client, part: str) -> None:
    make_settlement(make_video())
    put_files()
    export.export_batch()

    response = admin.get(f"/batches/v5.0/{part}")

    assert response.getvalue()
    assert response["Content-Disposition"] == f'attachment; filename="v5.0.{part}"'


def test_files_of_an_older_batch_that_has_none_are_not_found(admin: Client) -> None:
    make_batch()

    assert admin.get("/batches/v5.0/clips.csv").status_code == 404


def test_export_is_ordered_with_filters_and_a_name(admin: Client) -> None:
    given = {"slug": "kling-only", "labels": ["KLING"], "authors": "@maker, other", "since": "2026-07-01"}

    admin.post("/exports/", given)

    job = ExportJob.objects.get()
    assert job.slug == "kling-only"
    assert job.filters == {"labels": ["KLING"], "authors": ["@maker", "other"], "since": "2026-07-01"}


def test_export_form_that_cannot_be_meant_is_shown_again(admin: Client) -> None:
    response = admin.post("/exports/", {"slug": "no spaces"}, headers={"HX-Request": "true"})

    assert not ExportJob.objects.exists()
    assert "Use letters, digits" in response.text
    assert '<details class="export-filters" open>' in response.text


def test_export_form_without_scripts_says_what_is_wrong(admin: Client) -> None:
    response = admin.post("/exports/", {"labels": ["CAT"]}, follow=True)

    assert not ExportJob.objects.exists()
    assert "CAT" in response.text


def test_export_form_refuses_a_day_at_the_end_of_the_calendar() -> None:
    form = ExportForm({"until": "9999-12-31"})

    assert form.errors == {"until": ["Choose a day from 1 Jan 2000 to 1 Jan 2100."]}


def test_export_form_refuses_an_author_without_a_name() -> None:
    form = ExportForm({"authors": "@maker, @"})

    assert form.non_field_errors() == ["'@' is no author. Write a handle like @maker."]


def test_empty_form_lets_everything_in() -> None:
    form = ExportForm({})

    assert form.is_valid()
    assert form.filters().to_json() == {}
