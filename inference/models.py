"""Weights that can predict, and what they said."""

from typing import Any, ClassVar, NamedTuple, Self

from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from cakelens.labels import Label
from jobs.models import LeasedJob
from labeling.models import Variant, Video


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    def suggesting(self) -> Self:
        """The current model. The database refuses an untrained one that suggests."""
        return self.filter(is_current=True)


class ModelVersion(models.Model):
    slug = models.SlugField(max_length=80, unique=True)
    architecture = models.CharField(max_length=40)
    config = models.JSONField(default=dict, help_text="Architecture, window, crop: what ModelConfig holds.")
    label_order = models.JSONField(default=list)
    weights_name = models.CharField(max_length=200)
    weights_sha256 = models.CharField(max_length=64)
    batch_digest = models.CharField(max_length=64, blank=True, help_text="Of the batch it was trained on.")
    metrics = models.JSONField(default=dict, blank=True)
    learned_labels = models.JSONField(
        default=list, blank=True, help_text="Labels it saw both with and without in training; empty: all."
    )
    is_trained = models.BooleanField(default=False)
    is_current = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    promoted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[Any] = ModelVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                name="model_one_current", fields=["is_current"], condition=Q(is_current=True)
            ),
            models.CheckConstraint(
                name="model_untrained_never_suggests", condition=Q(is_current=False) | Q(is_trained=True)
            ),
        ]
        permissions = [("promote_model", "Can promote a model")]

    @transaction.atomic
    def promote(self) -> None:
        """Make this the model that suggests. The caller queues new predictions."""
        # One promotion after the other: of two at once, the second would find another current model.
        list(ModelVersion.objects.select_for_update().order_by("pk").values("pk"))
        ModelVersion.objects.filter(is_current=True).exclude(pk=self.pk).update(is_current=False)
        ModelVersion.objects.filter(pk=self.pk).update(is_current=True, promoted_at=timezone.now())
        self.refresh_from_db()

    def get_absolute_url(self) -> str:
        return reverse("inference:model-detail", args=[self.slug])

    def __str__(self) -> str:
        return self.slug


class VideoScores(models.Model):
    """What a model said of each test video of a batch: a paired test needs it, no page does.

    Beside the model's metrics rather than in them: 60 bytes a video that every page of models would read.
    """

    model = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="video_scores")
    batch = models.CharField(max_length=40, help_text="The batch whose test split it is.")
    scores = models.JSONField(help_text="{video: [probability of AI_GEN, is it so, group]}")

    class Meta:
        verbose_name_plural = "video scores"
        constraints = [models.UniqueConstraint(name="video_scores_once", fields=["model", "batch"])]

    def __str__(self) -> str:
        return f"{self.model_id} on {self.batch}"


class Mode(models.TextChoices):
    SAMPLED = "sampled", "Sampled framesets"
    ALL = "all", "Every frameset"


class Suggestion(NamedTuple):
    label: Label
    probability: float
    standard_error: float


class PredictionQuerySet(models.QuerySet["Prediction"]):
    def served(self) -> Self:
        """The one prediction of each video that pages show."""
        return self.filter(is_served=True)


class Prediction(models.Model):
    """A model's judgement of one video."""

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="predictions")
    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="predictions")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="+")
    mode = models.CharField(max_length=10, choices=Mode)
    ai_gen = models.FloatField(help_text="Probability of AI_GEN, for ranking and filters.")
    probabilities = models.JSONField(help_text="{label: probability}")
    standard_errors = models.JSONField(help_text="{label: standard error of the mean over framesets}")
    num_framesets = models.PositiveIntegerField()
    seconds = models.FloatField(help_text="Wall time it took.")
    device = models.CharField(max_length=60)
    is_served = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[Any] = PredictionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="prediction_once", fields=["video", "model", "variant", "mode"]),
            models.UniqueConstraint(
                name="prediction_one_served", fields=["video"], condition=Q(is_served=True)
            ),
            models.CheckConstraint(
                name="prediction_is_probability", condition=Q(ai_gen__gte=0) & Q(ai_gen__lte=1)
            ),
        ]
        indexes = [models.Index(name="prediction_ai_gen", fields=["ai_gen"], condition=Q(is_served=True))]

    def suggestions(self) -> list[Suggestion]:
        """Return probability and standard error per label, in the label order of v5.

        A label the model never learned has an output too, and it is noise: nobody is shown it.
        """
        learned = self.model.learned_labels or self.probabilities
        return [
            Suggestion(label, self.probabilities[label], self.standard_errors.get(label, 0.0))
            for label in Label
            if label in self.probabilities and label in learned
        ]

    def __str__(self) -> str:
        return f"{self.model}: {self.video} {self.ai_gen:.0%}"


class FramesetScores(models.Model):
    """Per-frameset scores of one prediction, packed: float16 (framesets × labels), float32 start times."""

    prediction = models.OneToOneField(Prediction, on_delete=models.CASCADE, related_name="scores")
    scores_float16 = models.BinaryField()
    starts_float32 = models.BinaryField(help_text="Start of each frameset in the clip, seconds.")

    class Meta:
        verbose_name_plural = "frameset scores"

    def __str__(self) -> str:
        return f"scores of {self.prediction_id}"


class PredictJob(LeasedJob):
    """Let one model judge one video."""

    task_name: ClassVar[str] = "inference.tasks.predict_video"

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="predict_jobs")
    model = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="predict_jobs")

    class Meta(LeasedJob.Meta):
        abstract = False
        constraints = [
            *LeasedJob.Meta.constraints,
            models.UniqueConstraint(name="predict_job_once", fields=["video", "model"]),
        ]
