"""Figures of people, with the real client."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from labeling import team
from labeling.models import Annotation, GoldAnswer, Voiding
from labeling.team import Person, Team
from tests.factories import (
    make_annotation,
    make_model,
    make_prediction,
    make_settlement,
    make_user,
    make_video,
)

pytestmark = pytest.mark.django_db


def figures(user: User) -> Person:
    [person] = Team(7, only=user).people
    return person


def today() -> dict[str, str]:
    day = timezone.localtime().date().isoformat()
    return {"since": day, "until": day, "reason": "a test"}


def test_hours_and_median_come_from_time_on_screen(ana: User) -> None:
    for seconds in (2, 4, 6, 1000):
        make_annotation(make_video(), ana, seconds=seconds)
    make_annotation(make_video(), ana, "skipped")

    person = figures(ana)

    assert (person.num_answers, person.num_skips, person.median_seconds) == (4, 1, 4)
    assert person.hours == pytest.approx((2 + 4 + 6 + 60) / 3600)
    assert person.per_hour == pytest.approx(4 * 3600 / 72)


@pytest.mark.parametrize(("counts", "expected"), [({}, None), ({3.0: 1}, 3), ({1.0: 2, 9.0: 1}, 1)])
def test_median_of_a_histogram(counts: Any, expected: float | None) -> None:
    assert team.median(Counter(counts)) == expected


def test_first_answer_of_somebody_between_two_queries_waits_for_the_next_look(
    monkeypatch: pytest.MonkeyPatch, ana: User, ben: User
) -> None:
    make_annotation(make_video(), ana)
    count = team._count

    def count_after_ben(*args: Any) -> None:
        make_annotation(make_video(), ben)
        count(*args)

    monkeypatch.setattr(team, "_count", count_after_ben)

    assert [person.user for person in Team(7).people] == [ana]


def test_old_answers_bulk_edits_and_what_was_given_again_are_no_work(ana: User) -> None:
    act = Voiding.objects.create(
        by=ana, labeler=ana, since=timezone.now() - timedelta(1), until=timezone.now(), reason=""
    )
    make_annotation(make_video(), ana, created_at=timezone.now() - timedelta(days=8))
    make_annotation(make_video(), ana, voiding=act)

    assert figures(ana).num_answers == 0


def test_gold_score_counts_answers_that_contradict_nothing(ana: User) -> None:
    for labels in ({"ai_gen": True, "veo": True}, {"ai_gen": False}, {"ai_gen": True, "sora": False}):
        video = make_video()
        GoldAnswer.objects.create(video=video, added_by=ana, ai_gen=True, veo=True)
        make_annotation(video, ana, picked_by="gold", **labels)  # type: ignore[arg-type]

    gold = figures(ana).gold

    assert (gold.part, gold.whole) == (2, 3)


def test_agreement_with_others_is_of_ai_gen(ana: User) -> None:
    ben = make_user("ben")
    for said in (True, False):
        video = make_video()
        make_annotation(video, ana, ai_gen=True)
        make_annotation(video, ben, ai_gen=said)

    share = figures(ana).with_others

    assert (share.part, share.whole) == (1, 2)


def test_accept_rate_tells_shown_from_unseen(ana: User) -> None:
    model = make_model()
    for shown, said in (("tiny-1", True), ("tiny-1", True), ("", True), ("", False)):
        video = make_video()
        make_prediction(video, model, ai_gen=0.9)
        make_annotation(video, ana, ai_gen=said, shown_model=shown)

    person = figures(ana)

    assert (person.accepted_shown.value, person.accepted_blind.value) == (1, 0.5)


def test_team_costs_the_same_queries_for_many_people(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(make_user("rob", role="reviewer"))
    for name in ("ana", "ben", "cleo"):
        make_annotation(make_video(), make_user(name), seconds=3)

    # Session, user and rights (2), then people, counts, times, gold, accepted (2) and answers in common.
    with django_assert_num_queries(11):
        page = client.get("/team/").text

    assert page.count("/team/") > 3


def test_team_of_nobody_says_what_it_is_for(client: Client) -> None:
    client.force_login(make_user("rob", role="reviewer"))

    assert "Nobody labeled in the last 7 days" in client.get("/team/").text


def test_labeler_sees_their_own_figures_alone(client: Client, ana: User) -> None:
    client.force_login(ana)

    assert client.get("/team/")["Location"] == f"/team/{ana.pk}/"
    assert client.get(f"/team/{ana.pk}/").status_code == 200
    assert client.get(f"/team/{make_user('ben').pk}/").status_code == 403
    assert client.get("/team/hours.csv").status_code == 403
    assert client.get(f"/team/{ana.pk}/void/").status_code == 403


def test_labeler_reads_replies_to_their_questions(client: Client, ana: User) -> None:
    make_annotation(make_video(), ana, question="Is a deepfake AI_GEN?")
    client.force_login(ana)

    page = client.get(f"/team/{ana.pk}/").text

    assert "Is a deepfake AI_GEN?" in page
    assert "Waits for a reviewer." in page


def test_hours_can_be_downloaded(client: Client) -> None:
    client.force_login(make_user("boss", role="admin"))
    make_annotation(make_video(), make_user("=ana"), seconds=36)

    lines = client.get("/team/hours.csv").text.splitlines()

    day = timezone.localtime().date()
    assert lines == ["person,day,answers,skips,hours", f"'=ana,{day},1,0,0.01"]


def test_hours_leave_out_idle_time_and_answers_that_were_not_timed(client: Client, ana: User) -> None:
    client.force_login(make_user("boss", role="admin"))
    for seconds in (None, 36, 3600):
        make_annotation(make_video(), ana, seconds=seconds)

    lines = client.get("/team/hours.csv").text.splitlines()

    assert lines[1].endswith(",3,0,0.03")  # 36 s and a minute


def test_admin_sees_what_voiding_would_do_does_it_and_takes_it_back(client: Client, ana: User) -> None:
    client.force_login(make_user("boss", role="admin"))
    video = make_video()
    make_settlement(video, method="single", annotations=[make_annotation(video, ana)])

    preview = client.get(f"/team/{ana.pk}/void/", today()).text
    client.post(f"/team/{ana.pk}/void/", today())
    history = client.get(f"/videos/{Annotation.objects.all()[0].video_id}/").text
    after = client.get(f"/team/{ana.pk}/").text
    client.post(f"/team/voidings/{Voiding.objects.get().pk}/undo/")

    assert "Void 1 answer" in preview
    assert "Take this back" in after
    assert [row.outcome for row in Annotation.objects.order_by("pk")] == ["labeled", "voided", "labeled"]
    assert "declared void what ana said" in history
    assert "<b>boss</b>" in history


def test_period_that_ends_before_it_begins_is_refused(client: Client, ana: User) -> None:
    client.force_login(make_user("boss", role="admin"))

    response = client.get(f"/team/{ana.pk}/void/", {"since": "2026-02-02", "until": "2026-02-01"})

    assert response.status_code == 422
    assert "ends before it begins" in response.text


def test_period_at_the_end_of_the_calendar_is_refused(client: Client, ana: User) -> None:
    client.force_login(make_user("boss", role="admin"))

    response = client.get(f"/team/{ana.pk}/void/", {"since": "2026-02-02", "until": "9999-12-31"})

    assert response.status_code == 422
    assert "Choose a day from 1 Jan 2000 to 1 Jan 2100." in response.text


def test_voiding_nothing_is_said(client: Client, ana: User) -> None:
    client.force_login(make_user("boss", role="admin"))

    assert "No answer stands in this period" in client.get(f"/team/{ana.pk}/void/", today()).text
    assert "No answer of this person" in client.post(f"/team/{ana.pk}/void/", today(), follow=True).text
