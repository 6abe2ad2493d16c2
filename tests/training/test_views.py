"""The pages of training batches, with the real client."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from config.local_time import COOKIE
from labeling.models import GoldAnswer
from tests.factories import (
    make_batch,
    make_model,
    make_run,
    make_settlement,
    make_user,
    make_video,
)
from tests.growth import grow, keep_figures
from training.models import ExportJob

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user("root", role="admin"))
    return client


@pytest.fixture
def labeler(client: Client) -> Client:
    client.force_login(make_user("ana", role="labeler"))
    return client


def test_batch_list_asks_strangers_to_log_in(client: Client) -> None:
    response = client.get("/batches/")

    assert response.status_code == 302
    assert response["Location"] == "/login/?next=/batches/"


def test_batch_list_says_the_size_the_change_and_what_waits(labeler: Client) -> None:
    video = make_video()
    make_batch("v5.0", num_train=90, num_test=10)
    make_batch("v5.1", num_train=1100, num_test=134)
    make_settlement(video)

    page = labeler.get("/batches/")

    growth = page.context["growth"]
    assert (growth.newest.videos.total, growth.newest.change, growth.num_waiting) == (1234, 1134, 1)
    assert "<b>1,234</b>" in page.text
    assert "<b>+1,134</b>" in page.text


def test_video_settled_anew_waits_for_the_next_batch_and_an_exported_one_does_not(labeler: Client) -> None:
    exported, anew = make_video(), make_video()
    make_batch(settlements=[make_settlement(exported), make_settlement(anew)])
    make_settlement(anew, ai_gen=False)

    page = labeler.get("/batches/")

    assert page.context["growth"].num_waiting == 1


def test_video_that_a_batchs_filters_left_out_waits_on(labeler: Client) -> None:
    taken, left_out, late = (make_settlement(make_video()) for _ in range(3))
    make_batch("v5.0", settlements=[taken, late], filters={"labels": ["KLING"]})

    page = labeler.get("/batches/")
    waiting = labeler.get("/batches/-/waiting/")

    assert page.context["growth"].num_waiting == 1
    assert 'href="/batches/-/waiting/"' in page.text
    assert [video.settlement for video in waiting.context["page"].rows] == [left_out]


def test_page_of_what_waits_does_not_tell_labelers_what_gold_is(labeler: Client) -> None:
    video = make_video()
    make_settlement(video, sora=True)
    GoldAnswer.objects.create(video=video, added_by=make_user("rita"), ai_gen=True, sora=True)

    page = labeler.get("/batches/-/waiting/")

    assert page.context["page"].rows == [video]
    assert "SORA" not in page.text


def test_page_of_what_waits_says_when_nothing_does(labeler: Client) -> None:
    assert "No video waits" in labeler.get("/batches/-/waiting/").text


def test_batch_list_links_each_number_to_its_videos(labeler: Client) -> None:
    grow(100, 200)

    page = labeler.get("/batches/")

    assert 'href="/batches/v5.1/videos/?label=KLING&amp;split=test"' in page.text
    assert 'href="/batches/v5.0/videos/?label=NOT_AI"' in page.text


def test_batch_list_costs_the_same_queries_with_many_batches(
    labeler: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batches = grow(*range(100, 900, 100))
    make_model(batch_digest=batches[-1].digest)

    keep_figures(batches[-1], 0, "ana")
    labeler.get("/batches/")  # the site's settings have a row from now on

    # The session, the user, two of rights, what grew from what, batches, models, figures, site, the export,
    # slugs.
    with django_assert_num_queries(11):
        labeler.get("/batches/")


def test_batch_list_costs_the_same_queries_with_one_batch(
    labeler: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    [batch] = grow(100)
    keep_figures(batch, 0, "ana")
    labeler.get("/batches/")

    with django_assert_num_queries(11):
        labeler.get("/batches/")


@pytest.mark.slow
def test_batch_list_shows_the_newest_versions_and_all_on_request(labeler: Client) -> None:
    grow(*range(100, 122))

    newest = labeler.get("/batches/").context["growth"]
    everything = labeler.get("/batches/?all").context["growth"]

    assert (newest.versions[0].batch.slug, len(newest.versions)) == ("v5.2", 20)
    assert newest.versions[0].change == 1
    assert len(everything.versions) == 22


def test_empty_batch_list_says_what_it_is_for(labeler: Client) -> None:
    page = labeler.get("/batches/")

    assert "No batch has been exported yet" in page.text
    assert 'href="/label/"' in page.text


def test_growth_csv_holds_a_row_for_each_version_and_split(labeler: Client) -> None:
    grow(100, 200)

    response = labeler.get("/batches/growth.csv")

    rows = list(csv.DictReader(io.StringIO(response.getvalue().decode())))
    assert [(row["batch"], row["split"], row["videos"]) for row in rows[3:]] == [
        ("v5.1", "train", "162"),
        ("v5.1", "validation", "18"),
        ("v5.1", "test", "20"),
    ]
    assert [int(rows[0][name]) for name in ("videos", "AI_GEN", "AI_GEN_no", "AI_GEN_not_judged")] == [
        81,
        62,
        19,
        0,
    ]


def test_filtered_version_is_marked_in_table_chart_and_csv(labeler: Client) -> None:
    grow(100)
    make_batch("kling", num_train=7, filters={"labels": ["KLING"], "since": "2026-07-01"})

    page = labeler.get("/batches/")
    lines = labeler.get("/batches/growth.csv").getvalue().decode().splitlines()

    words = "Only with: KLING; Posted since: 2026-07-01"
    assert page.text.count(f'<span class="tag" title="{words}">filtered</span>') == 1
    assert "in kling (filtered), exported" in page.text
    assert [each["filters"] for each in page.context["growth"].chart()["versions"]] == ["", words]
    assert [row["filters"] for row in csv.DictReader(lines)] == ["", "", "", *[words] * 3]


@pytest.mark.parametrize(("zone", "day"), [("Pacific/Auckland", "2 Sep 2026"), ("UTC", "1 Sep 2026")])
def test_chart_dates_a_version_by_the_reader_s_clock_as_the_table_does(
    labeler: Client, zone: str, day: str
) -> None:
    make_batch(exported_at=datetime(2026, 9, 1, 16, 30, tzinfo=UTC))
    labeler.cookies[COOKIE] = zone

    page = labeler.get("/batches/")

    assert f'"date": "{day}"' in page.text
    assert f'title="{day}, ' in page.text


def test_next_version_begins_where_the_newest_whole_one_ends(labeler: Client) -> None:
    grow(100, 200)
    for number in range(20):
        make_batch(f"kling-{number}", num_train=7, filters={"labels": ["KLING"]})

    few = labeler.get("/batches/").context["growth"]
    everything = labeler.get("/batches/?all").context["growth"]

    assert len(few.versions) == 20
    assert (few.chart()["whole"], everything.chart()["whole"]) == (200, 200)


def test_next_version_begins_at_nothing_while_every_version_was_filtered(labeler: Client) -> None:
    make_batch("kling", num_train=7, filters={"labels": ["KLING"]})

    assert labeler.get("/batches/").context["growth"].chart()["whole"] == 0


def test_export_order_queues_one_job_and_shows_how_far_it_is(admin: Client) -> None:
    response = admin.post("/exports/", headers=HTMX)

    job = ExportJob.objects.get()
    assert (job.state, str(job.requested_by)) == ("queued", "root")
    assert job.enqueued_at is not None
    assert f'hx-get="/exports/{job.pk}/"' in response.text


def test_second_export_order_shows_the_one_that_runs(admin: Client) -> None:
    job = ExportJob.objects.create(state="running", lease_until=timezone.now() + timedelta(minutes=1))

    response = admin.post("/exports/", headers=HTMX)

    assert ExportJob.objects.get() == job
    assert f'hx-get="/exports/{job.pk}/"' in response.text


def test_export_order_without_scripts_goes_back_to_the_page(admin: Client) -> None:
    response = admin.post("/exports/", follow=True)

    assert response.redirect_chain == [("/batches/", 302)]
    assert "The export has begun." in response.text


def test_export_needs_the_right_to_export(labeler: Client) -> None:
    response = labeler.post("/exports/")

    assert response.status_code == 403
    assert ExportJob.objects.count() == 0


def test_batch_list_offers_no_export_to_labelers(labeler: Client) -> None:
    grow(100)

    assert "Export v5.1" not in labeler.get("/batches/").text


def test_running_export_is_asked_for_again(admin: Client) -> None:
    job = ExportJob.objects.create(
        state="running", lease_until=timezone.now() + timedelta(minutes=1), progress=0.42
    )

    response = admin.get(f"/exports/{job.pk}/", headers=HTMX)

    assert response.status_code == 200
    assert 'hx-trigger="every 2s"' in response.text
    assert "42%" in response.text


def test_export_that_somebody_stops_is_said_to_stop_and_then_to_be_stopped(admin: Client) -> None:
    lease = timezone.now() + timedelta(minutes=1)
    job = ExportJob.objects.create(state="running", lease_until=lease)

    stopping = admin.post(f"/exports/{job.pk}/stop/", headers=HTMX)
    ExportJob.objects.update(state="cancelled")
    stopped = admin.get(f"/exports/{job.pk}/", headers=HTMX)

    assert (stopping.status_code, stopped.status_code) == (200, 286)
    assert "Stopping the export of v5.0" in stopping.text
    assert ">Stop<" not in stopping.text
    assert "The export was stopped. Nothing was exported" in stopped.text


def test_failed_export_keeps_what_was_chosen(admin: Client) -> None:
    grow(100)
    given = {"slug": "vidu-set", "labels": ["VIDU"], "authors": "@maker, @other", "since": "2026-07-14"}
    admin.post("/exports/", given)
    ExportJob.objects.update(
        state="failed", failure_message="No settled video passes.", finished_at=timezone.now()
    )

    page = admin.get("/batches/").text

    assert "vidu-set failed" in page
    assert '<details class="export-filters" open>' in page
    assert re.search(r'value="VIDU"[^>]* checked', page)
    assert all(f'value="{value}"' in page for value in ("vidu-set", "@maker, @other", "2026-07-14"))


def test_failed_export_is_no_news_once_a_batch_came_after_it(admin: Client) -> None:
    grow(100)
    ExportJob.objects.create(state="failed", failure_message="Disk full.", finished_at=timezone.now())

    before = "Disk full." in admin.get("/batches/").text
    make_batch("v5.1", frozen_at=timezone.now())

    assert (before, "Disk full." in admin.get("/batches/").text) == (True, False)


def test_export_is_announced_by_its_name(admin: Client) -> None:
    response = admin.post("/exports/", {"slug": "my-set"}, headers=HTMX)

    assert "Waiting for a worker to export my-set" in response.text


def test_export_that_waits_is_stopped_at_once(admin: Client) -> None:
    job = ExportJob.objects.create()

    response = admin.post(f"/exports/{job.pk}/stop/", headers=HTMX)

    assert (response.status_code, ExportJob.objects.get().state) == (286, "cancelled")
    assert "The export was stopped. Nothing was exported" in response.text


def test_export_that_is_done_is_not_stopped(admin: Client) -> None:
    job = ExportJob.objects.create(state="done", batch=make_batch("v5.0"))

    response = admin.post(f"/exports/{job.pk}/stop/", headers=HTMX)

    assert "is exported" in response.text
    assert response["HX-Refresh"] == "true"
    assert "done before it could be stopped" in admin.get("/batches/").text
    assert ExportJob.objects.get().state == "done"


def test_stopping_without_scripts_goes_back_to_the_page(admin: Client) -> None:
    job = ExportJob.objects.create()

    response = admin.post(f"/exports/{job.pk}/stop/")

    assert (response.status_code, response["Location"]) == (302, "/batches/")


def test_stopping_needs_the_right_to_export(labeler: Client) -> None:
    job = ExportJob.objects.create()

    response = labeler.post(f"/exports/{job.pk}/stop/")

    assert response.status_code == 403
    assert ExportJob.objects.get().state == "queued"


def test_failed_export_says_why_and_stops_asking(admin: Client) -> None:
    job = ExportJob.objects.create(state="failed", failure_message="No video is settled yet.")

    response = admin.get(f"/exports/{job.pk}/", headers=HTMX)

    assert response.status_code == 286
    assert "No video is settled yet." in response.text
    assert "every 2s" not in response.text


def test_finished_export_loads_the_page_anew(admin: Client) -> None:
    job = ExportJob.objects.create(state="done", batch=make_batch("v5.0"))

    response = admin.get(f"/exports/{job.pk}/", headers=HTMX)

    assert response.status_code == 286
    assert response["HX-Refresh"] == "true"


def test_failure_of_yesterday_is_no_news(admin: Client) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    ExportJob.objects.create(state="failed", failure_message="The disk is full.", finished_at=yesterday)
    grow(100)

    assert "The disk is full." not in admin.get("/batches/").text


def test_batch_detail_warns_of_few_positives_and_of_confounds(labeler: Client) -> None:
    make_batch(
        num_train=100,
        num_test=50,
        label_counts={
            "AI_GEN": {"train": [50, 50, 0], "test": [25, 25, 0]},
            "KLING": {"train": [30, 0, 70], "test": [7, 0, 43]},
        },
        confounds={"fps": 0.81, "width": 0.6},
    )

    page = labeler.get("/batches/v5.0/")

    assert "told from the others by frame rate (AUC 0.81) alone" in page.text
    assert "Fewer than 20 positives in test: KLING (7)." in page.text


def test_batch_detail_says_what_was_left_out_and_where_it_is(labeler: Client) -> None:
    make_batch(num_train=1, left_out={"not settled": 12})

    page = labeler.get("/batches/v5.0/")

    assert '<a href="/videos/?state=unsettled">12</a>' in page.text


def test_batch_detail_asks_again_while_a_run_goes_on(labeler: Client) -> None:
    batch = make_batch()
    lease = timezone.now() + timedelta(minutes=1)
    make_run(
        batch, state="running", lease_until=lease, step=40, loss_first=0.7, loss_last=0.31, eta_seconds=130
    )

    response = labeler.get("/batches/v5.0/", headers=HTMX)

    assert response.status_code == 200
    assert "Training, 2 min left" in response.text
    assert "0.31" in response.text
    assert "<html" not in response.text


def test_batch_detail_stops_asking_when_no_run_goes_on(labeler: Client) -> None:
    make_run(make_batch(), state="done", model_slug="v5-0-tiny-1")

    response = labeler.get("/batches/v5.0/", headers=HTMX)

    assert response.status_code == 286
    assert 'href="/models/v5-0-tiny-1/"' in response.text


def test_reader_logged_out_while_a_run_goes_on_gets_words(client: Client) -> None:
    make_batch()

    response = client.get("/batches/v5.0/", headers=HTMX)

    assert response.status_code == 401
    assert "You were logged out." in response.text


def test_batch_detail_costs_the_same_queries_with_many_runs(
    labeler: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    [batch] = grow(100)
    for _ in range(3):
        make_run(batch, state="done")

    # The session, the user, two of rights; the batch, its runs, others, the one before, three of advisories.
    with django_assert_num_queries(11):
        labeler.get("/batches/v5.0/")


def test_batch_by_digest_leads_to_the_batch(labeler: Client) -> None:
    batch = make_batch("v5.0")

    response = labeler.get(f"/batches/by-digest/{batch.digest}/")

    assert response["Location"] == "/batches/v5.0/"


def test_batch_videos_are_those_of_the_label_as_it_was_then(labeler: Client) -> None:
    kling, other = make_video(), make_video()
    make_batch(settlements=[make_settlement(kling, kling=True), make_settlement(other)])
    make_settlement(kling, kling=False)

    page = labeler.get("/batches/v5.0/videos/?label=KLING&split=train")

    assert [item.settlement.video for item in page.context["page"].rows] == [kling]


def test_batch_videos_cost_the_same_queries_with_many_videos(
    labeler: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_batch(settlements=[make_settlement(make_video()) for _ in range(3)])

    with django_assert_num_queries(6):  # session, user, rights (2), batch, items
        labeler.get("/batches/v5.0/videos/")


def test_manifest_is_sent_as_it_was_written(admin: Client) -> None:
    batch = make_batch("v5.0")
    default_storage.save(batch.manifest_name, ContentFile(b"PAR1 rows"))

    response = admin.get("/batches/v5.0/manifest/")

    assert response.getvalue() == b"PAR1 rows"
    assert response["Content-Disposition"] == 'attachment; filename="v5.0.parquet"'


def test_manifest_that_is_missing_is_not_found(admin: Client) -> None:
    make_batch("v5.0")

    assert admin.get("/batches/v5.0/manifest/").status_code == 404


def test_manifest_needs_the_right_to_export(labeler: Client) -> None:
    make_batch("v5.0")

    assert labeler.get("/batches/v5.0/manifest/").status_code == 403
