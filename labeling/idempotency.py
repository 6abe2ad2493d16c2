"""A request carried out once, however often it arrives.

Who sends something over a bad line cannot know whether it arrived, so it sends it again under the same
key. The first arrival is carried out and its reply kept, in one transaction; every later one gets that reply.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from labeling.models import IdempotencyRecord

MAX_KEY = 80
KEPT = timedelta(days=7)
"""Who repeats a request does so within minutes; a phone that was off for a weekend, on Monday."""


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
    record, is_new = IdempotencyRecord.objects.get_or_create(
        user=user, key=key, defaults={"body_sha256": digest, "status": 0, "reply": {}}
    )
    if is_new:
        reply = carry_out()
        IdempotencyRecord.objects.filter(pk=record.pk).update(status=reply.status, reply=reply.body)
        return reply
    if record.body_sha256 != digest:
        raise KeyReused(key)
    return Reply(record.status, record.reply)


def forget_old() -> int:
    """Delete the replies that nobody will ask for again; return how many."""
    return int(IdempotencyRecord.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0])
