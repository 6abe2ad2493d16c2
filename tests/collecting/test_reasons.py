from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from labeling.collecting import errors, reasons

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("Error(s) while querying API: User has been suspended.", errors.Suspended),
        ("Error(s) while querying API: _Missing: No status found with that ID.", errors.Deleted),
        ("Error(s) while querying API: Rate limit exceeded", errors.RateLimited),
        ("Error(s) while querying API: OverCapacity, Internal server error", errors.ServerError),
        ("Error(s) while querying API: Timeout: Unspecified", errors.ServerError),
        ("Error(s) while querying API: The following features cannot be null: a", errors.ExtractorBroken),
        ("Could not retrieve guest token", errors.ExtractorBroken),
        ("Not authorized to view. Use --cookies", errors.Protected),
        ("No video could be found in this tweet", errors.NoVideo),
        ("Something new", errors.Unavailable),
    ],
)
def test_words_name_the_error(words: str, error: type[errors.CollectError]) -> None:
    found = reasons.from_words("1", words, has_cookies=False)

    assert type(found) is error


@pytest.mark.parametrize("words", ["Your account is suspended", "Could not authenticate you"])
def test_words_about_our_own_account_blame_the_cookies(words: str) -> None:
    found = reasons.from_words("1", words, has_cookies=True)

    assert isinstance(found, errors.CookiesInvalid)


def test_guest_who_is_refused_has_no_cookies_to_blame() -> None:
    found = reasons.from_words("1", "Could not authenticate you", has_cookies=False)

    assert isinstance(found, errors.ExtractorBroken)


def test_message_holds_x_s_own_words_only() -> None:
    words = "Twitter API says: Not authorized. Use --cookies-from-browser for the authentication."

    found = reasons.from_words("1", words, has_cookies=False)

    assert found.message == "X says of post 1: “Not authorized”."


@pytest.mark.parametrize(
    ("headers", "minutes"),
    [
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 120)}, 2),
        ({"retry-after": "180"}, 3),
        ({}, 15),
        ({"x-rate-limit-reset": "soon", "retry-after": "later"}, 15),
        ({"x-rate-limit-reset": "9" * 30}, 24 * 60),
        ({"retry-after": "9" * 30}, 24 * 60),
    ],
)
def test_end_of_a_limit_is_x_s_word_within_a_day(headers: dict[str, str], minutes: int) -> None:
    with time_machine.travel(NOW, tick=False):
        end = reasons.limit_end(headers)

    assert end == NOW + timedelta(minutes=minutes)
