"""From a variant's address to its stored, verified file."""

import errno

from django.conf import settings

from jobs.heartbeat import kept_alive
from labeling import storage
from labeling.collecting import importer, media, withdrawn
from labeling.collecting.config import x_settings
from labeling.collecting.errors import BucketBroken, BucketFull, DiskFull, StorageBroken, Transient
from labeling.models import Variant, VariantJob, VariantState


def fetch_variant(job: VariantJob) -> None:
    """Download, verify and store the variant of a claimed job, unless an earlier claim got that far.

    Raises:
        Permanent: The file is gone, too large, or no video, or its video was taken back. Nothing was stored.
        Transient: It did not arrive whole, what did is resumed by the next try; or it could not be kept.
        JobInterrupted: The job was cancelled or belongs to another worker now.
    """
    if job.variant.state == VariantState.STORED:  # its worker died before it could say so
        return
    withdrawn.refuse(job.variant.video)
    try:
        _fetch(job)
    except OSError as exc:
        raise _not_kept(job.variant, exc) from exc


def _fetch(job: VariantJob) -> None:
    def on_bytes(num_bytes: int, total: int | None) -> None:
        job.beat(num_bytes / total if total else None)

    file = media.download(
        job.variant.url,
        storage.temporary_folder(),
        settings=x_settings(),
        on_bytes=on_bytes,
        max_bytes=settings.MAX_VARIANT_BYTES,
    )
    try:
        with kept_alive(job) as pulse:
            pulse.check()
            importer.store_variant_file(job.variant, file.path, sha256=file.sha256)
    finally:
        file.path.unlink(missing_ok=True)


def _not_kept(variant: Variant, exc: OSError) -> Transient:
    is_bucket = isinstance(exc, storage.BucketError)
    full, broken = (BucketFull, BucketBroken) if is_bucket else (DiskFull, StorageBroken)
    kind: type[Transient] = full if exc.errno in (errno.ENOSPC, errno.EDQUOT) else broken
    return kind(f"Variant {variant.pk} could not be stored: {exc.strerror or exc}.")
