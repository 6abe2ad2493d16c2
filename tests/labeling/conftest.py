"""The people of these tests, and what they hold in their hands."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from labeling.models import Slot
from tests.api import ApiClient
from tests.factories import hold, make_user, make_video


@pytest.fixture
def ana(db: None) -> User:
    return make_user("ana")


@pytest.fixture
def ben(db: None) -> User:
    return make_user("ben")


@pytest.fixture
def browser(client: Client, ana: User) -> Client:
    """The browser in which Ana is logged in."""
    client.force_login(ana)
    return client


@pytest.fixture
def labeler(client: Client) -> Client:
    """The browser of somebody who may only label."""
    client.force_login(make_user("ana", role="labeler"))
    return client


@pytest.fixture
def rob(client: Client) -> User:
    """A reviewer, logged in with `client`."""
    user = make_user("rob", role="reviewer")
    client.force_login(user)
    return user


@pytest.fixture
def api(ana: User) -> ApiClient:
    return ApiClient(ana)


@pytest.fixture
def slot(ana: User) -> Slot:
    """A slot that Ana holds."""
    return hold(make_video().slots.get(), ana)
