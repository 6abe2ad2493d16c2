"""Which side of train / validation / test a new group falls on.

Splits are dealt in blocks of ten groups as they arrive, by a shuffle keyed with a secret: a small set
has a test set too, nobody can steer a video into the test set, and the same key deals the same way.
A row lock serialises the dealing; a split that is set never changes.
"""

import hashlib
import hmac
import secrets

from django.conf import settings
from django.db import transaction
from django.db.models import F

from labeling.models import DuplicateGroup, SiteSettings, Split, SplitLedger

BLOCK = 10
VALIDATION_PERCENT_OF_REST = 10


def _quota(block: int, percent_of_block_x100: int) -> int:
    """Return how many of block `block` get a share, so that the running total is the share rounded up."""
    per_block = BLOCK * percent_of_block_x100
    return -(-(block + 1) * per_block // 10_000) - -(-block * per_block // 10_000)


def split_of(number: int, *, key: str, test_percent: int) -> Split:
    """Return the split of the `number`-th group (from 0).

    Each block of ten is shuffled by HMAC-SHA256 of (block, place); its first places are the block's
    share of the test set, the next ones of validation (a tenth of the rest), the others train.
    """
    block, place = divmod(number, BLOCK)
    shuffled = sorted(range(BLOCK), key=lambda i: _keyed(key, f"{block}:{i}"))
    rank = shuffled.index(place)
    num_test = _quota(block, test_percent * 100)
    num_validation = _quota(block, (100 - test_percent) * VALIDATION_PERCENT_OF_REST)
    if rank < num_test:
        return Split.TEST
    return Split.VALIDATION if rank < num_test + num_validation else Split.TRAIN


def _keyed(key: str, message: str) -> bytes:
    return hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()


def keyed_fraction(key: str, message: str) -> float:
    """Return a number in [0, 1) that looks random and is always the same for this key and message."""
    # As many bits as a float holds: with more, the largest would round up to 1.
    return (int.from_bytes(_keyed(key, message)[:8]) >> 11) / 2**53


def fraction(message: str) -> float:
    """Return the number in [0, 1) of `message` under this site's key.

    Waits for nobody: the key never changes, and an answer must not queue behind the dealing of splits.
    """
    key = SplitLedger.objects.filter(pk=1).values_list("key", flat=True).first()
    return keyed_fraction(key or _open_ledger(), message)


def _open_ledger() -> str:
    """Write the ledger's row unless another process was first; return its key."""
    key = settings.SPLIT_KEY or secrets.token_hex(32)
    SplitLedger.objects.bulk_create([SplitLedger(pk=1, key=key)], ignore_conflicts=True)
    return SplitLedger.objects.values_list("key", flat=True).get(pk=1)


def ledger() -> SplitLedger:
    """Return the one ledger row, locked until the transaction ends.

    SQLite has no row locks and needs none: its transactions are IMMEDIATE, one writer at a time.
    """
    if not SplitLedger.objects.filter(pk=1).exists():
        _open_ledger()
    return SplitLedger.objects.select_for_update().get(pk=1)


@transaction.atomic
def found_group(key: str, own_split: str = "") -> DuplicateGroup:
    """Found the group of a footage nobody has seen before and deal its split.

    A dataset that brought its `own_split` keeps it. Its place in the block is used up all the same: who
    brings splits must not learn which ones the others get.
    """
    book = ledger()
    dealt = split_of(book.next_number, key=book.key, test_percent=SiteSettings.current().test_percent)
    split = own_split or dealt
    group = DuplicateGroup.objects.create(key=key, number=book.next_number, split=split)
    SplitLedger.objects.update(next_number=F("next_number") + 1)
    return group
