"""The one pause: what begins it, what waits for it, what ends it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from labeling import tasks
from labeling.collecting import pausing
from labeling.collecting.errors import Deleted, ExtractorBroken, NetworkError
from labeling.models import CollectJob, XPause
from tests.factories import make_job

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.embedded]  # yt-dlp's import


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """What X's next answers lead to; the last one stays."""
    answers: list[Exception] = []

    def fetch_post(*_: object) -> None:
        raise answers.pop(0) if len(answers) > 1 else answers[0]

    monkeypatch.setattr("labeling.collecting.x.fetch_post", fetch_post)
    return answers


def ask_for_posts(number: int) -> list[CollectJob]:
    jobs = [make_job() for _ in range(number)]
    for job in jobs:
        tasks.collect_post(job.pk)
        job.refresh_from_db()
    return jobs


def test_many_broken_answers_in_a_row_pause_everybody(answers: list[Exception]) -> None:
    answers.append(ExtractorBroken("X speaks in tongues."))

    ask_for_posts(pausing.BROKEN_IN_A_ROW)

    pause = XPause.current()
    assert pause is not None
    assert "Update yt-dlp" in pause.reason
    assert pause.until > timezone.now() + pausing.BROKEN_PAUSE - timedelta(minutes=1)


def test_few_broken_answers_pause_nobody(answers: list[Exception]) -> None:
    answers.append(ExtractorBroken("X speaks in tongues."))

    ask_for_posts(pausing.BROKEN_IN_A_ROW - 1)

    assert XPause.current() is None


def test_one_post_that_is_broken_each_time_pauses_nobody(answers: list[Exception]) -> None:
    answers.append(ExtractorBroken("X speaks in tongues."))
    job = make_job(max_attempts=100)

    for _ in range(pausing.BROKEN_IN_A_ROW):
        tasks.collect_post(job.pk)
        CollectJob.objects.update(next_try_at=timezone.now())

    assert XPause.current() is None


@pytest.mark.parametrize("other", [Deleted("It is gone."), NetworkError("No way out.")])
def test_an_answer_that_is_understood_ends_the_row(answers: list[Exception], other: Exception) -> None:
    broken = ExtractorBroken("X speaks in tongues.")
    answers += [broken] * (pausing.BROKEN_IN_A_ROW - 1) + [other, broken]

    ask_for_posts(pausing.BROKEN_IN_A_ROW + 1)

    assert XPause.current() is None


def test_job_of_a_paused_x_waits_and_keeps_its_attempts(answers: list[Exception]) -> None:
    XPause.start(timezone.now() + timedelta(hours=1), "X has changed.")

    [job] = ask_for_posts(1)

    pause = XPause.current()
    assert pause is not None
    assert (job.state, job.attempts, job.next_try_at) == ("queued", 0, pause.until)


def test_ended_pause_makes_what_waited_due(answers: list[Exception]) -> None:
    XPause.start(timezone.now() + timedelta(hours=1), "X has changed.")
    [job] = ask_for_posts(1)

    num_due = pausing.end()

    assert num_due == 1
    assert XPause.current() is None
    assert CollectJob.objects.due(timezone.now()).get() == job
