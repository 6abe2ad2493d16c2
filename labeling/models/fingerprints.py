"""The banded index over what videos look like: under which keys each of them is found."""

from django.db import models

from labeling.models.videos import Video


class FingerprintKey(models.Model):
    """Video V has a frame whose hash holds these bits in this band.

    Millions of rows, only ever read by key: the primary key is the one index, and no number of its own.
    """

    pk = models.CompositePrimaryKey("key", "video")
    key = models.IntegerField(help_text="The number of the band, then the bits.")
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="+", db_index=False)

    def __str__(self) -> str:
        return f"{self.key:06x}: {self.video_id}"
