"""The jobs of collecting, and the one pause they all keep."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from jobs.models import LeasedJob
from labeling.models.posts import Post
from labeling.models.videos import Variant


class CollectJob(LeasedJob):
    """Ask X for one post and its videos."""

    task_name: ClassVar[str] = "labeling.tasks.collect_post"

    post = models.OneToOneField(Post, on_delete=models.CASCADE, related_name="job")

    class Meta(LeasedJob.Meta):
        abstract = False


class VariantJob(LeasedJob):
    """Download and verify one variant."""

    task_name: ClassVar[str] = "labeling.tasks.store_variant"

    variant = models.OneToOneField(Variant, on_delete=models.CASCADE, related_name="job")

    class Meta(LeasedJob.Meta):
        abstract = False


class XPause(models.Model):
    """X is left alone until `until`: one pause for all jobs beats one retry timer each."""

    until = models.DateTimeField()
    reason = models.TextField()

    class Meta:
        constraints = [models.CheckConstraint(name="x_pause_is_one_row", condition=Q(pk=1))]

    @classmethod
    def current(cls) -> "XPause | None":
        return cls.objects.filter(until__gt=timezone.now()).first()

    @classmethod
    def start(cls, until: datetime, reason: str) -> None:
        """Pause until `until`; a later end that is already set is kept."""
        pause, _ = cls.objects.get_or_create(pk=1, defaults={"until": until, "reason": reason})
        cls.objects.filter(pk=pause.pk, until__lt=until).update(until=until, reason=reason)

    def __str__(self) -> str:
        return f"paused until {self.until:%H:%M}: {self.reason}"
