"""A request carried out once, however often it arrives.

Who sends something over a bad line cannot know whether it arrived, so it sends it again under the same
key. The first arrival is carried out and its reply kept, in one transaction; every later one gets that reply.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from labeling.composed import Given, Update
from labeling.models import IdempotencyRecord

MAX_KEY = 80
KEPT = timedelta(days=7)
"""Who repeats a request does so within minutes; a phone that was off for a weekend, on Monday."""


RESERVE = """
INSERT INTO labeling_idempotencyrecord (user_id, "key", body_sha256, status, reply, created_at)
VALUES (%s, %s, %s, 0, '{}', %s) ON CONFLICT (user_id, "key") DO NOTHING
"""


KEEP = Update(
    lambda: IdempotencyRecord.objects.filter(
        user=Given(IdempotencyRecord, "user"), key=Given(IdempotencyRecord, "key")
    ),
    status=Given(IdempotencyRecord, "status"),
    reply=Given(IdempotencyRecord, "reply"),
)


class KeyReused(Exception):
    """The key was used for something else; nothing was written."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The Idempotency-Key {key!r} was used for another request. Send a new key with each new answer."
        )


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: dict[str, Any]


@transaction.atomic
def once(user: Any, key: str, request: str, carry_out: Callable[[], Reply]) -> Reply:
    """Carry a request out, or return what was replied when it came under this key before.

    `request` is all that makes it the same request. The row is written first and its reply last: a second
    arrival waits at the unique key until the first is committed, and one that fails leaves no row.

    Raises:
        KeyReused: The key came with another request.
    """
    digest = hashlib.sha256(request.encode()).hexdigest()
    if _is_first(user, key, digest):
        reply = carry_out()
        KEEP(user=user.pk, key=key, status=reply.status, reply=reply.body)
        return reply
    return _replied(IdempotencyRecord.objects.get(user=user, key=key), digest)


def _is_first(user: Any, key: str, digest: str) -> bool:
    """Write the row unless there is one: one statement, where asking first would take four."""
    created_at: Any = IdempotencyRecord._meta.get_field("created_at")
    now = created_at.get_db_prep_save(timezone.now(), connection)
    with connection.cursor() as cursor:
        cursor.execute(RESERVE, [user.pk, key, digest, now])
        return bool(cursor.rowcount)


def _replied(record: IdempotencyRecord, digest: str) -> Reply:
    if record.body_sha256 != digest:
        raise KeyReused(record.key)
    return Reply(record.status, record.reply)


def forget_old() -> int:
    """Delete the replies that nobody will ask for again; return how many."""
    return int(IdempotencyRecord.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0])
