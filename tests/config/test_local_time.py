"""Pages tell the time by the clock of who reads them."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from config.local_time import COOKIE
from labeling.models import Slot
from tests.factories import hold, make_user, make_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def slot() -> Slot:
    """A clip that Ben holds until 14:20 in UTC, on a day that is long to come."""
    slot = hold(make_video().slots.get(), make_user("ben"))
    Slot.objects.filter(pk=slot.pk).update(lease_until=datetime(2099, 7, 14, 14, 20, tzinfo=UTC))
    return slot


def screen(client: Client, zone: str) -> str:
    client.force_login(User.objects.filter(username="ana").first() or make_user("ana"))
    client.cookies[COOKIE] = zone
    return client.get("/label/").text


@pytest.mark.parametrize(
    ("zone", "clock"),
    [("Asia/Tokyo", "23:20"), ("Europe/Berlin", "16:20"), ("UTC", "14:20")],
)
def test_page_tells_the_readers_time(zone: str, clock: str, client: Client, slot: Slot) -> None:
    assert f"{clock}</b>" in screen(client, zone)


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "America", "x" * 5000])
def test_zone_that_is_none_is_the_servers(zone: str, client: Client, slot: Slot) -> None:
    assert "14:20</b>" in screen(client, zone)


def test_zone_of_one_reader_is_not_the_next_ones(client: Client, slot: Slot) -> None:
    screen(client, "Asia/Tokyo")

    assert timezone.get_current_timezone_name() == "UTC"
