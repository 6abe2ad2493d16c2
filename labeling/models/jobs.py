"""The jobs of collecting, and the one pause they all keep."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from jobs.models import LeasedJob, LeasedJobQuerySet
from labeling.models.posts import Post
from labeling.models.videos import Variant, VariantState

FORGOTTEN = {"failure_kind": "", "failure_message": ""}


class CollectJob(LeasedJob):
    """Ask X for one post and its videos."""

    task_name: ClassVar[str] = "labeling.tasks.collect_post"

    post = models.OneToOneField(Post, on_delete=models.CASCADE, related_name="job")

    class Meta(LeasedJob.Meta):
        abstract = False

    @classmethod
    def mark_undone(cls, jobs: LeasedJobQuerySet[Any], *, kind: str, message: str) -> None:
        """Let the posts say why. What was read of a post stays read, whoever stops another reading."""
        posts = Post.objects.filter(job__in=jobs)
        if kind == "cancelled":
            posts = posts.filter(collected_at=None)
        posts.update(failure_kind=kind, failure_message=message)

    @classmethod
    def mark_wanted(cls, jobs: LeasedJobQuerySet[Any]) -> None:
        Post.objects.filter(job__in=jobs).update(**FORGOTTEN)


class VariantJob(LeasedJob):
    """Download and verify one variant."""

    task_name: ClassVar[str] = "labeling.tasks.store_variant"

    variant = models.OneToOneField(Variant, on_delete=models.CASCADE, related_name="job")

    class Meta(LeasedJob.Meta):
        abstract = False

    @classmethod
    def mark_undone(cls, jobs: LeasedJobQuerySet[Any], *, kind: str, message: str) -> None:
        """Let the variants say why; one that is stored by now stays stored."""
        variants = Variant.objects.unstored().filter(job__in=jobs)
        variants.update(state=VariantState.FAILED, failure_kind=kind, failure_message=message)

    @classmethod
    def mark_wanted(cls, jobs: LeasedJobQuerySet[Any]) -> None:
        variants = Variant.objects.filter(job__in=jobs, state=VariantState.FAILED)
        variants.update(state=VariantState.WAITING, **FORGOTTEN)


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
