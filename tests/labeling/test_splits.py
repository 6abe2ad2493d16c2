import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from labeling.collecting import splits
from labeling.models import SiteSettings, Split, SplitLedger
from tests.races import at_once

pytestmark = pytest.mark.embedded


def dealt(num_groups: int, *, test_percent: int = 10, key: str = "k") -> list[Split]:
    return [splits.split_of(number, key=key, test_percent=test_percent) for number in range(num_groups)]


def test_first_ten_groups_hold_every_split() -> None:
    assert sorted(dealt(10)) == [Split.TEST, *[Split.TRAIN] * 8, Split.VALIDATION]


def test_shares_are_exact_over_a_hundred_groups() -> None:
    dealt_100 = dealt(100)

    assert [dealt_100.count(split) for split in Split] == [81, 9, 10]


def test_every_block_of_ten_has_one_test_group() -> None:
    dealt_100 = dealt(100)

    assert [dealt_100[start : start + 10].count(Split.TEST) for start in range(0, 100, 10)] == [1] * 10


@pytest.mark.slow
@given(test_percent=st.integers(1, 50), num_blocks=st.integers(1, 40))
def test_running_share_is_the_share_rounded_up(test_percent: int, num_blocks: int) -> None:
    num_groups = 10 * num_blocks

    all_dealt = dealt(num_groups, test_percent=test_percent)

    exact = num_groups * test_percent / 100
    assert exact <= all_dealt.count(Split.TEST) < exact + 1
    rest = num_groups * (100 - test_percent) / 1000
    assert rest <= all_dealt.count(Split.VALIDATION) < rest + 1


def test_key_decides_which_group_falls_where() -> None:
    assert dealt(100, key="a") == dealt(100, key="a")
    assert dealt(100, key="a") != dealt(100, key="b")


def test_places_of_the_test_groups_differ_between_blocks() -> None:
    places = [number % 10 for number, split in enumerate(dealt(200)) if split == Split.TEST]

    assert len(set(places)) > 5


@given(key=st.text(), message=st.text())
def test_keyed_fraction_is_always_the_same_and_below_one(key: str, message: str) -> None:
    fraction = splits.keyed_fraction(key, message)

    assert 0 <= fraction < 1
    assert fraction == splits.keyed_fraction(key, message)


def test_keyed_fraction_of_the_largest_digest_is_below_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splits, "_keyed", lambda key, message: b"\xff" * 32)

    assert splits.keyed_fraction("k", "m") < 1


@pytest.mark.django_db
def test_groups_are_dealt_in_the_order_they_come() -> None:
    groups = [splits.found_group(f"video-{number}") for number in range(12)]

    key = SplitLedger.objects.get().key
    assert [group.number for group in groups] == list(range(12))
    assert [group.split for group in groups] == dealt(12, key=key)


@pytest.mark.django_db
def test_group_takes_the_test_share_of_the_settings() -> None:
    SiteSettings(test_percent=50).save()

    groups = [splits.found_group(f"video-{number}") for number in range(10)]

    assert [group.split for group in groups].count(Split.TEST) == 5


@pytest.mark.django_db
def test_key_comes_from_the_settings_the_first_time_only(settings: Settings) -> None:
    settings.SPLIT_KEY = "fixed"
    first = splits.fraction("a video")

    settings.SPLIT_KEY = "changed later"

    assert SplitLedger.objects.get().key == "fixed"
    assert splits.fraction("a video") == first == splits.keyed_fraction("fixed", "a video")


@pytest.mark.django_db
def test_key_is_made_at_random_where_none_is_set() -> None:
    assert django_settings.SPLIT_KEY == ""

    splits.fraction("a video")

    assert len(SplitLedger.objects.get().key) == 64


@pytest.mark.django_db
def test_fraction_asks_one_query_and_locks_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    splits.fraction("a video")

    with django_assert_num_queries(1) as captured:
        splits.fraction("another")

    assert "FOR UPDATE" not in captured[0]["sql"]


@pytest.mark.django_db
def test_ledger_is_one_row() -> None:
    splits.fraction("a video")

    with pytest.raises(IntegrityError, match="split_ledger_is_one_row"), transaction.atomic():
        SplitLedger.objects.create(pk=2, key="another")


@pytest.mark.django_db
@pytest.mark.postgres
def test_ledger_is_locked_until_the_transaction_ends(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    splits.fraction("a video")

    with django_assert_num_queries(2) as captured:
        splits.ledger()

    assert connection.vendor == "postgresql"
    assert "FOR UPDATE" in captured[1]["sql"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_groups_founded_at_once_get_a_number_each() -> None:
    groups = at_once(*[lambda number=number: splits.found_group(f"video-{number}") for number in range(8)])

    assert sorted(group.number for group in groups) == list(range(8))
    assert SplitLedger.objects.get().next_number == 8
    key = SplitLedger.objects.get().key
    assert {group.number: group.split for group in groups} == dict(enumerate(dealt(8, key=key)))
