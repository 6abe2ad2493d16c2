from itertools import count

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from labeling.composed import Given, Select, Update
from labeling.models import Slot, SlotState, Video
from tests.factories import hold, make_user, make_video
from tests.races import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def of_labeler() -> Select[Slot]:
    """A query with a join, a deferred column, and an order."""
    return Select(
        lambda: (
            Slot.objects.filter(labeler=Given(Slot, "labeler"))
            .select_related("video__post")
            .defer("video__fingerprint")
            .order_by("-pk")
        )
    )


def test_rows_are_those_of_the_same_query_composed_by_django(ana: User) -> None:
    for _ in range(3):
        hold(make_video().slots.get(), ana)

    found = of_labeler()(labeler=ana.pk)

    assert found == list(Slot.objects.filter(labeler=ana).order_by("-pk"))
    assert [slot.__dict__.keys() for slot in found] == [
        slot.__dict__.keys() for slot in Slot.objects.filter(labeler=ana).select_related("video__post")
    ]


def test_joined_rows_are_there_and_deferred_columns_are_not(
    ana: User, slot: Slot, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    found = of_labeler().first(labeler=ana.pk)

    assert found
    with django_assert_num_queries(0):
        assert found.video.post.author_handle == "maker"
    assert found.video.get_deferred_fields() == {"fingerprint"}


def test_each_call_has_values_of_its_own(ana: User, ben: User) -> None:
    slots = {user: hold(make_video().slots.get(), user) for user in (ana, ben)}
    query = of_labeler()

    assert [query(labeler=user.pk) for user in (ana, ben, ana)] == [[slots[ana]], [slots[ben]], [slots[ana]]]


def test_query_is_composed_once(ana: User) -> None:
    num_composed = count()
    query = Select(lambda: Slot.objects.filter(labeler=Given(Slot, "labeler"), n=next(num_composed)))

    query(labeler=ana.pk)
    query(labeler=ana.pk)

    assert next(num_composed) == 1


def test_nothing_equals_none() -> None:
    make_video()  # its slot is nobody's

    assert of_labeler().first(labeler=None) is None


def test_value_is_given_as_its_field_keeps_it(slot: Slot) -> None:
    by_claim = Select(
        lambda: Slot.objects.filter(claim=Given(Slot, "claim"), lease_until__gt=Given(Slot, "lease_until"))
    )

    assert by_claim(claim=slot.claim, lease_until=timezone.now()) == [slot]


def test_value_that_is_missing_is_named(ana: User) -> None:
    with pytest.raises(KeyError, match="labeler"):
        of_labeler()(user=ana.pk)


def test_update_changes_the_rows_it_finds_and_counts_them(slot: Slot) -> None:
    other = make_video().slots.get()
    close = Update(
        lambda: Slot.objects.filter(pk=Given(Slot, "id"), state=SlotState.HELD),
        state=SlotState.DONE,
        claim=None,
        lease_until=Given(Slot, "lease_until"),
    )

    assert (close(id=slot.pk, lease_until=None), close(id=slot.pk, lease_until=None)) == (1, 0)
    slot.refresh_from_db()
    other.refresh_from_db()
    assert (slot.state, slot.claim, other.state) == (SlotState.DONE, None, SlotState.FREE)


def test_row_that_is_read_to_be_changed_is_locked(slot: Slot) -> None:
    locked = Select(lambda: Video.objects.select_for_update().filter(pk=Given(Video, "id")))

    locked(id=slot.video_id)

    if connection.features.has_select_for_update:
        assert "FOR UPDATE" in locked._statement().sql


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_threads_ask_on_connections_of_their_own() -> None:
    users = [make_user(f"labeler-{n}") for n in range(4)]
    slots = [hold(make_video().slots.get(), user) for user in users]
    query = of_labeler()

    found = at_once(*(lambda user=user: query(labeler=user.pk) for user in users))

    assert found == [[slot] for slot in slots]
