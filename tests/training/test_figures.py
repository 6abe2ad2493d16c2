"""What the growth page counts of answers and settlements, and what follows from it."""

from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from jobs.models import State
from labeling.models import SiteSettings
from tests.factories import (
    make_annotation,
    make_batch,
    make_settlement,
    make_user,
    make_video,
)
from tests.files import make_filed_video
from training.batches.orders import export_if_due
from training.models import ExportJob, GrowthFigures
from training.pages import figures
from training.pages.figures import Figures
from training.pages.pace import Lack, lacks, people
from training.tasks import look_after_growth, run_export

pytestmark = pytest.mark.django_db


def test_settled_videos_and_new_ones_are_counted_by_label() -> None:
    with time_machine.travel(timezone.now() - timedelta(days=40)):
        make_settlement(make_video(), kling=True)
    make_settlement(make_video(), kling=True)
    make_settlement(make_video(), ai_gen=False)
    make_settlement(make_video(quarantine="leaks"), kling=True)

    found = figures.current()

    assert (found.settled["KLING"], found.gained["KLING"]) == (2, 1)
    assert (found.settled["NOT_AI"], found.settled["VEO"]) == (1, 0)


def test_answers_are_counted_by_day_and_person() -> None:
    ana, ben = make_user("ana"), make_user("ben")
    for person in (ana, ana, ben):
        make_annotation(make_video(), person)
    make_annotation(make_video(), ben, "skipped")

    assert figures.current().answers == {timezone.localdate().isoformat(): {"ana": 2, "ben": 1}}


def test_small_dataset_is_counted_at_each_look() -> None:
    figures.recount()
    GrowthFigures.objects.update(seconds=0.01)
    make_settlement(make_video(), kling=True)

    found = figures.current()

    assert (found.settled["KLING"], found.is_live) == (1, True)


def test_large_dataset_is_shown_as_it_was_counted() -> None:
    figures.recount()
    GrowthFigures.objects.update(seconds=3)
    make_settlement(make_video(), kling=True)

    found = figures.current()

    assert (found.settled["KLING"], found.is_live) == (0, False)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (2, '">just now</time>\n</span>'),
        (40, ", counted 40 s ago\n</span>"),
        (150, '">2\xa0minutes ago</time>\n</span>'),
    ],
)
def test_page_says_at_the_number_that_waits_when_it_was_counted(
    client: Client, seconds: int, words: str
) -> None:
    make_batch(num_train=1)
    figures.recount()
    now = timezone.now()
    GrowthFigures.objects.update(seconds=0.06, counted_at=now - timedelta(seconds=seconds))

    with time_machine.travel(now, tick=False):
        client.force_login(make_user())
        text = client.get("/batches/").text
    head = text[: text.index("Videos in each version")]

    assert words in head
    assert text.count(words) == 3


def test_page_says_nothing_of_when_it_counts_at_each_look(client: Client) -> None:
    client.force_login(make_user())
    make_batch(num_train=1)
    figures.recount()
    GrowthFigures.objects.update(seconds=0.01)

    assert ", counted" not in client.get("/batches/").text


def test_counting_that_takes_long_is_done_the_less_often() -> None:
    figures.recount()
    GrowthFigures.objects.update(seconds=3)

    at_once = figures.recount_if_due()
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        later = figures.recount_if_due()

    assert (at_once, later) == (False, True)


@pytest.mark.parametrize(
    ("settled", "gained", "forecast"),
    [
        (500, 0, "reached"),
        (499, 28, "in about 1 day"),
        (400, 140, "in about 3 weeks"),
        (100, 80, "in about 5 months"),
        (10, 1, "not in sight"),
        (10, 0, "none in 28 days"),
    ],
)
def test_forecast_goes_by_the_pace_of_the_last_weeks(settled: int, gained: int, forecast: str) -> None:
    assert Lack("VEO", settled, 500, gained, timezone.localdate()).forecast == forecast


def test_lack_is_what_misses_to_the_target() -> None:
    make_settlement(make_video(), kling=True)

    lack = next(lack for lack in lacks(figures.current(), 10) if lack.name == "KLING")

    assert (lack.settled, lack.lacking) == (1, 9)


def test_settled_and_gained_videos_are_those_that_their_links_show(client: Client) -> None:
    client.force_login(make_user("root", role="admin"))
    with time_machine.travel(timezone.now() - timedelta(days=40)):
        make_settlement(make_video(), kling=True)
    for kept_out in ({}, {"quarantine": "leaks"}, {"is_withdrawn": True}):
        make_settlement(make_video(**kept_out), kling=True)

    lack = next(lack for lack in lacks(figures.current(), 10) if lack.name == "KLING")
    settled, gained = (client.get(url).context["page"].rows for url in (lack.url, lack.gained_url))

    assert (len(settled), len(gained)) == (lack.settled, lack.gained) == (2, 1)


def test_numbers_of_people_lead_to_the_videos_they_labeled(client: Client) -> None:
    client.force_login(make_user("root", role="admin"))
    ana, ben = make_user("ana"), make_user("ben")
    for days, person in ((0, ana), (3, ana), (3, ben), (20, ben), (40, ana)):
        with time_machine.travel(timezone.now() - timedelta(days=days)):
            make_annotation(make_video(), person)

    cells = [cell for person in people(figures.current()) for cell in person.cells]

    assert [cell.number for cell in cells] == [1, 3, 4, 1, 2, 2, 0, 1, 2]
    for cell in cells:
        assert len(client.get(cell.url).context["page"].rows) == cell.number


def test_first_day_that_counts_begins_at_the_site_s_midnight() -> None:
    with time_machine.travel("2026-07-28T20:00:00Z"):
        for hour in ("2026-06-30T23:59:00Z", "2026-07-01T00:01:00Z"):
            with time_machine.travel(hour):
                make_settlement(make_video(), kling=True)

        found = figures.current()

    assert (found.settled["KLING"], found.gained["KLING"]) == (2, 1)


def test_people_stand_below_everybody_who_labeled_most_first() -> None:
    today = timezone.localdate()
    answers = {
        today.isoformat(): {"ana": 1, "ben": 4},
        (today - timedelta(days=10)).isoformat(): {"ana": 7},
    }

    found = list(people(Figures({}, {}, answers, 0, 0, timezone.now(), is_live=True)))

    assert [(person.name, *(cell.number for cell in person.cells)) for person in found] == [
        ("", 5, 5, 12),
        ("ana", 1, 1, 8),
        ("ben", 4, 4, 4),
    ]


def test_export_orders_itself_once_enough_videos_wait() -> None:
    site = SiteSettings.current()
    site.export_after = 2
    site.save()
    make_settlement(make_video())

    too_few = export_if_due()
    make_settlement(make_video())
    look_after_growth()

    assert too_few is None
    assert ExportJob.objects.get().state == State.QUEUED


def test_export_does_not_order_itself_unless_asked() -> None:
    make_settlement(make_video())

    assert export_if_due() is None


def test_export_that_failed_is_left_to_a_person_for_a_while() -> None:
    site = SiteSettings.current()
    site.export_after = 1
    site.save()
    make_settlement(make_video())
    ExportJob.objects.create(state=State.FAILED, finished_at=timezone.now())

    at_once = export_if_due()
    with time_machine.travel(timezone.now() + timedelta(hours=7)):
        later = export_if_due()

    assert at_once is None
    assert later is not None


@time_machine.travel("2026-07-28T21:00:00Z", tick=False)
def test_export_that_somebody_stopped_does_not_order_itself_before_the_next_day() -> None:
    site = SiteSettings.current()
    site.export_after = 1
    site.save()
    make_settlement(make_video())
    ExportJob.objects.create()
    ExportJob.objects.cancel()

    at_once = export_if_due()
    with time_machine.travel("2026-07-28T23:59:00Z"):
        that_day = export_if_due()
    with time_machine.travel("2026-07-29T00:01:00Z"):
        the_next = export_if_due()

    assert (at_once, that_day) == (None, None)
    assert the_next is not None


def test_what_an_earlier_batch_holds_does_not_count_towards_the_next() -> None:
    site = SiteSettings.current()
    site.export_after = 1
    site.save()
    make_batch(settlements=[make_settlement(make_video())])

    assert export_if_due() is None


def test_page_says_what_each_label_lacks_and_sends_the_days_as_csv(client: Client) -> None:
    ana = make_user("ana")
    client.force_login(ana)
    video = make_video()
    make_batch(num_train=1, settlements=[make_settlement(video, annotations=[make_annotation(video, ana)])])

    page = client.get("/batches/")
    lines = client.get("/batches/pace.csv").getvalue().decode().splitlines()

    assert "What each label still lacks" in page.text
    assert f'<a href="/videos/?labeled={timezone.localdate().isoformat()}&amp;by=ana">1</a>' in page.text
    assert lines == ["day,person,labeled", f"{timezone.localdate().isoformat()},ana,1"]


def test_figures_that_were_counted_before_an_update_are_counted_anew() -> None:
    figures.recount()
    GrowthFigures.objects.update(figures={"settled": {}, "gained": {}, "answers": {}}, seconds=3)
    make_settlement(make_video())

    assert figures.current().waiting == 1


@pytest.mark.django_db(transaction=True)
def test_what_an_export_took_no_longer_waits_on_the_page() -> None:
    make_settlement(make_filed_video())
    figures.recount()
    GrowthFigures.objects.update(seconds=3, counted_at=timezone.now())

    run_export(claimed_export())

    assert figures.current().waiting == 0


@pytest.mark.django_db(transaction=True)
def test_export_stands_though_the_figures_could_not_be_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def locked() -> None:
        raise OperationalError("database is locked")

    make_settlement(make_filed_video())
    monkeypatch.setattr(figures, "recount", locked)

    run_export(claimed_export())

    assert ExportJob.objects.get().state == State.DONE


def claimed_export() -> ExportJob:
    job = ExportJob.objects.claim(ExportJob.objects.create().pk)
    assert job is not None
    return job
