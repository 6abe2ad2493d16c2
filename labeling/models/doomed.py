"""Files that are to be deleted, for as long as that is not known to be done."""

from django.db import models
from django.utils import timezone

from labeling.models.videos import Video


class DoomedFile(models.Model):
    """A stored file that its video must not keep. The row goes when the file is known to be gone."""

    video = models.ForeignKey(Video, on_delete=models.PROTECT, related_name="doomed_files")
    name = models.CharField("stored name", max_length=200)
    doomed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        # Not the name alone: each of two videos with the same bytes may be the last to let go.
        constraints = [models.UniqueConstraint(name="doomed_file_once", fields=["video", "name"])]

    def __str__(self) -> str:
        return self.name
