"""Replies to requests are kept for a week; who sends the same again meanwhile gets them."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from labeling import tasks
from labeling.idempotency import KEPT, Reply, once
from labeling.models import IdempotencyRecord
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def send(user: User) -> int:
    """Send one request under one key; return how often it was carried out by that."""
    done: list[int] = []

    def carry_out() -> Reply:
        done.append(1)
        return Reply(200, {})

    once(user, "key", "the request", carry_out)
    return len(done)


@pytest.mark.parametrize(("more", "times"), [(timedelta(minutes=-1), 0), (timedelta(minutes=1), 1)])
def test_reply_is_forgotten_when_it_is_old(more: timedelta, times: int) -> None:
    user = make_user()
    send(user)
    IdempotencyRecord.objects.update(created_at=timezone.now() - KEPT - more)

    tasks.forget_replies()

    assert send(user) == times


def test_forgetting_leaves_what_is_young() -> None:
    send(make_user())

    tasks.forget_replies()

    assert IdempotencyRecord.objects.exists()
