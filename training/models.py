"""Versioned batches of labeled videos, what was taken back since, and the runs that learned from them."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from jobs.models import LeasedJob
from labeling.models import Settlement, Split, Video


class BatchState(models.TextChoices):
    FROZEN = "frozen", "Frozen, manifest not yet written"
    EXPORTED = "exported", "Exported"


class TrainingBatchQuerySet(models.QuerySet["TrainingBatch"]):
    def exported(self) -> Self:
        return self.filter(state=BatchState.EXPORTED)


class TrainingBatch(models.Model):
    """An immutable snapshot of settled videos. Its identity is the digest of its canonical rows."""

    slug = models.CharField(max_length=40, unique=True)
    state = models.CharField(max_length=10, choices=BatchState, default=BatchState.FROZEN)
    digest = models.CharField(max_length=64, blank=True)
    manifest_name = models.CharField(max_length=200, blank=True)
    filters = models.JSONField(default=dict, blank=True)
    num_train = models.PositiveIntegerField(default=0)
    num_validation = models.PositiveIntegerField(default=0)
    num_test = models.PositiveIntegerField(default=0)
    label_counts = models.JSONField(
        default=dict, blank=True, help_text="{label: {split: [positive, negative, not judged]}}"
    )
    left_out = models.JSONField(default=dict, blank=True, help_text="{reason: number of videos}")
    confounds = models.JSONField(
        default=dict, blank=True, help_text="{fact: AUC for AI_GEN}, measured at the export"
    )
    facts = models.JSONField(default=dict, blank=True, help_text="{kind of fact: {value: number of videos}}")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    frozen_at = models.DateTimeField(default=timezone.now, editable=False)
    exported_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[Any] = TrainingBatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "training batches"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="batch_exported_has_manifest",
                condition=~Q(state=BatchState.EXPORTED)
                | (~Q(digest="") & ~Q(manifest_name="") & Q(exported_at__isnull=False)),
            ),
            models.UniqueConstraint(name="batch_digest_once", fields=["digest"], condition=~Q(digest="")),
        ]
        permissions = [("export_batch", "Can export a batch")]

    @property
    def num_videos(self) -> int:
        return self.num_train + self.num_validation + self.num_test

    def get_absolute_url(self) -> str:
        return reverse("training:batch-detail", args=[self.slug])

    def __str__(self) -> str:
        return self.slug


class BatchItem(models.Model):
    """One settled video of a batch. Never updated, never deleted."""

    batch = models.ForeignKey(TrainingBatch, on_delete=models.PROTECT, related_name="items")
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="+")
    split = models.CharField(max_length=10, choices=Split)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="batch_item_once", fields=["batch", "settlement"]),
            models.CheckConstraint(name="batch_item_split_known", condition=Q(split__in=Split.values)),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.settlement_id}"


class Withdrawal(models.Model):
    """A video taken back after an export. Append-only; past manifests keep their bytes."""

    video = models.ForeignKey(Video, on_delete=models.PROTECT, related_name="withdrawals")
    reason = models.TextField(blank=True)
    is_purged = models.BooleanField(default=False, help_text="Its files and words were removed, too.")
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"{self.video_id} withdrawn"


class GrowthFigures(models.Model):
    """One row: what the growth page says of answers and settlements, counted a while ago."""

    figures = models.JSONField(default=dict)
    counted_at = models.DateTimeField(default=timezone.now)
    seconds = models.FloatField(default=0, help_text="How long the counting took.")

    class Meta:
        verbose_name_plural = "growth figures"
        constraints = [models.CheckConstraint(name="growth_figures_is_one_row", condition=Q(pk=1))]

    def __str__(self) -> str:
        return f"counted at {self.counted_at:%H:%M}"


class ExportJob(LeasedJob):
    """Export the settled videos as a batch."""

    task_name: ClassVar[str] = "training.tasks.export_batch"

    slug = models.CharField(max_length=40, blank=True, help_text="Empty: the next free version.")
    filters = models.JSONField(default=dict, blank=True)
    batch = models.OneToOneField(
        TrainingBatch, on_delete=models.SET_NULL, null=True, blank=True, related_name="export_job"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta(LeasedJob.Meta):
        abstract = False
        constraints = [
            *LeasedJob.Meta.constraints,
            # Two exports at once would race for one version number: the second is refused.
            models.UniqueConstraint(
                models.Value(1), name="export_one_at_a_time", condition=Q(state__in=["queued", "running"])
            ),
        ]


class TrainingRun(LeasedJob):
    """One training on one batch."""

    task_name: ClassVar[str] = "training.tasks.train_batch"

    batch = models.ForeignKey(TrainingBatch, on_delete=models.PROTECT, related_name="runs")
    config = models.JSONField(default=dict, blank=True)
    step = models.PositiveIntegerField(default=0)
    num_steps = models.PositiveIntegerField(default=0)
    loss_first = models.FloatField(null=True, blank=True)
    loss_last = models.FloatField(null=True, blank=True)
    eta_seconds = models.FloatField(null=True, blank=True)
    host = models.CharField(max_length=120, blank=True)
    folder = models.CharField(max_length=300, blank=True, help_text="Where its checkpoints are, on its host.")
    metrics = models.JSONField(default=dict, blank=True)
    model_slug = models.CharField(max_length=80, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta(LeasedJob.Meta):
        abstract = False
        ordering = ["-id"]
