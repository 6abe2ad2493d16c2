"""How pages write times, shares and answers."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from labeling.models import Annotation, Variant
from labeling.templatetags.cakelens import ago, clock, percent
from labeling.templatetags.labeling import answer_in_words, short_side

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 11, 23, 11, 59, 30, tzinfo=UTC), "just now"),
        (datetime(2026, 11, 23, 11, 40, tzinfo=UTC), "20\xa0minutes ago"),
        (datetime(2026, 11, 22, 13, 0, tzinfo=UTC), "23\xa0hours ago"),
        (datetime(2026, 11, 21, 9, 0, tzinfo=UTC), "21 Nov"),
        (datetime(2025, 11, 21, 9, 0, tzinfo=UTC), "21 Nov 2025"),
        (datetime(2026, 11, 24, 9, 0, tzinfo=UTC), "24 Nov"),
    ],
)
def test_time_is_relative_within_a_day(moment: datetime, words: str) -> None:
    with time_machine.travel(NOW, tick=False):
        assert f">{words}</time>" in ago(moment)


@pytest.mark.parametrize("day", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
def test_time_is_right_in_the_night_the_clocks_change(day: datetime) -> None:
    earlier, now = day + timedelta(minutes=50), day + timedelta(minutes=70)
    with time_machine.travel(now, tick=False), timezone.override(ZoneInfo("Europe/Berlin")):
        assert ">20\xa0minutes ago</time>" in ago(earlier)


def test_time_has_the_exact_one_on_hover() -> None:
    assert 'title="21 Nov 2026, 09:05 UTC"' in ago(datetime(2026, 11, 21, 9, 5, tzinfo=UTC))


def test_no_time_is_nothing() -> None:
    assert ago(None) == ""


@pytest.mark.parametrize(("seconds", "words"), [(0, "00:00.0"), (59.96, "01:00.0"), (75.5, "01:15.5")])
def test_clock_is_minutes_seconds_and_tenths(seconds: float | None, words: str) -> None:
    assert clock(seconds) == words


@pytest.mark.parametrize(("share", "words"), [(0.872, "87%"), (0, "0%"), (None, "")])
def test_share_is_written_in_percent(share: float | None, words: str) -> None:
    assert percent(share) == words


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (720, 1280)])
def test_resolution_is_named_by_its_short_side(width: int, height: int) -> None:
    assert short_side(Variant(width=width, height=height)) == "720"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Annotation(outcome="labeled", ai_gen=True, veo=True), "AI_GEN, VEO"),
        (Annotation(outcome="labeled", ai_gen=False, video_game=True), "not AI, VIDEO_GAME"),
        (Annotation(outcome="skipped", skip_reason="not_a_video"), "skipped: not a video"),
    ],
)
def test_answer_is_named_in_words(answer: Annotation, words: str) -> None:
    assert answer_in_words(answer) == words
