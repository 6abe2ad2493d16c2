"""Deleting stored files that no row may name any more, so that dying on the way leaves none of them for ever.

The transaction that forgets a file keeps its name as doomed. Afterwards the file is deleted, and then the
name. What is left goes with the next purge, or with the hourly sweep.
"""

import errno
import os
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from labeling import storage
from labeling.collecting import splits
from labeling.models import DoomedFile, Variant, Video


def doom(video: Video, names: Iterable[str]) -> None:
    """Let files of a video go once this transaction is committed, unless another video has the same.

    Raises:
        OSError: From the commit on: the storage refused. The names are kept.
    """
    doomed = [DoomedFile(video=video, name=name) for name in names]
    DoomedFile.objects.bulk_create(doomed, ignore_conflicts=True)
    transaction.on_commit(lambda: remove(video=video))


def remove(**of: Any) -> None:
    """Delete what is doomed, all of it or that `of` a video.

    Raises:
        OSError: The storage refused. What it refused stays doomed; all else is gone.
    """
    refused: OSError | None = None
    for pk in list(DoomedFile.objects.filter(**of).order_by("pk").values_list("pk", flat=True)):
        try:
            _remove(pk)
        except OSError as exc:
            refused = refused or exc
    if refused:
        raise refused


@transaction.atomic
def _remove(pk: int) -> None:
    # Under the lock that files get their rows under: what no row names now gets none before it is deleted.
    splits.ledger()
    doomed = DoomedFile.objects.filter(pk=pk).first()
    if doomed is None:  # another process was first
        return
    if not is_used(doomed.name):
        storage.delete(doomed.name)
    doomed.delete()


def is_used(name: str) -> bool:
    return Variant.objects.filter(name=name).exists() or Video.objects.filter(poster_name=name).exists()


def check_there(names: Iterable[str]) -> None:
    """Make sure that files are still there before rows name them; under the ledger's lock.

    Raises:
        FileNotFoundError: They were those of a video that was purged meanwhile, and are deleted.
    """
    for name in names:
        if not storage.is_there(name):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), storage.place_of(name))
