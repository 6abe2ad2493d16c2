"""What reviewers add: known answers, findings against a model, replies to questions."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from labeling.models.answers import Annotation, LabelSet
from labeling.models.videos import Video


class GoldQuerySet(models.QuerySet["GoldAnswer"]):
    def in_use(self) -> Self:
        return self.filter(retired_at=None)

    def retire(self) -> int:
        return self.in_use().update(retired_at=timezone.now())


class GoldAnswer(LabelSet):
    """A known answer, mixed into the queue to see how well a person labels."""

    video = models.OneToOneField(Video, on_delete=models.PROTECT, related_name="gold")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    retired_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when nobody is given it any more; scores keep it."
    )

    objects: ClassVar[Any] = GoldQuerySet.as_manager()

    class Meta(LabelSet.Meta):
        abstract = False
        constraints = [
            *LabelSet.Meta.constraints,
            models.CheckConstraint(name="gold_judges_ai_gen", condition=Q(ai_gen__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"gold {self.video_id}"


class ReviewOutcome(models.Model):
    """A reviewer's finding where a model and the people disagree."""

    class Finding(models.TextChoices):
        HUMAN_WRONG = "human_wrong", "The people were wrong"
        MODEL_WRONG = "model_wrong", "The model was wrong"
        AMBIGUOUS = "ambiguous", "Cannot be decided"

    video = models.ForeignKey(Video, on_delete=models.PROTECT, related_name="review_outcomes")
    model_slug = models.CharField(max_length=80)
    finding = models.CharField(max_length=12, choices=Finding)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    annotation = models.ForeignKey(
        Annotation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="What the reviewer said before seeing what anybody else did.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="review_once_per_model", fields=["video", "model_slug", "reviewer"])
        ]

    def __str__(self) -> str:
        return f"{self.video_id} {self.finding}"


class QuestionReply(models.Model):
    """A reviewer's answer to what a labeler asked. A question without one is open."""

    annotation = models.OneToOneField(Annotation, on_delete=models.PROTECT, related_name="reply")
    text = models.TextField(max_length=4000)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "question replies"

    def __str__(self) -> str:
        return f"reply to {self.annotation_id}"
