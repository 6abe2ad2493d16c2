"""Files behind the rows that factories make."""

import hashlib
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from labeling.models import Variant, Video
from tests.factories import make_variant, make_video


def put_files() -> None:
    """Put a file of the right size behind every stored variant that has none; its bytes mean nothing."""
    for variant in Variant.objects.stored():
        if not default_storage.exists(variant.name):
            default_storage.save(variant.name, ContentFile(bytes(variant.num_bytes or 0)))


def make_filed_video(content: bytes = b"clip", **fields: Any) -> Video:
    """Make a video whose one variant has a file of these bytes, under their hash."""
    video = make_video(**fields)
    video.variants.all().delete()
    file_variant(video, content)
    return video


def file_variant(video: Video, content: bytes, **fields: Any) -> Variant:
    """Give a video one more variant, with its file."""
    sha256 = hashlib.sha256(content).hexdigest()
    variant = make_variant(video, sha256=sha256, num_bytes=len(content), **fields)
    if not default_storage.exists(variant.name):
        default_storage.save(variant.name, ContentFile(content))
    return variant


def path_of(variant: Variant) -> Path:
    return Path(default_storage.path(variant.name))
