"""From a variant's address to its stored, verified file."""

from django.conf import settings

from jobs.heartbeat import kept_alive
from labeling import storage
from labeling.collecting import importer, media
from labeling.collecting.config import x_settings
from labeling.models import VariantJob


def fetch_variant(job: VariantJob) -> None:
    """Download, verify and store the variant of a claimed job.

    Raises:
        Permanent: The file is gone, too large, or no video. Nothing was stored.
        Transient: It did not arrive whole; what did is resumed by the next try.
        JobInterrupted: The job was cancelled or belongs to another worker now.
    """

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
            importer.store_variant_file(job.variant, file.path)
    finally:
        file.path.unlink(missing_ok=True)
