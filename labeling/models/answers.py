"""What people said about a video, why, and what therefore counts."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, F, Max, OuterRef, Q
from django.utils import timezone

from cakelens.labels import GENERATORS, V5_LABELS, Label
from labeling.models.videos import Video


def label_field(label: Label | str) -> str:
    """Return the model field of a label: `AI_GEN` is `ai_gen`."""
    return Label(label).value.lower()


def generator_requires_ai_gen() -> models.CheckConstraint:
    """A video made by a generator is AI-generated: no generator without AI_GEN true."""
    any_generator = Q()
    for generator in GENERATORS:
        any_generator |= Q(**{label_field(generator): True})
    return models.CheckConstraint(
        name="%(app_label)s_%(class)s_generator_requires_ai_gen",
        # Spelled so that NULL counts as "not true": a CHECK that evaluates to NULL would pass.
        condition=~any_generator | Q(ai_gen__isnull=False, ai_gen=True),
    )


class LabelSet(models.Model):
    """The 17 booleans. Null is *not judged*: masked out of the loss and of every metric."""

    ai_gen = models.BooleanField("AI_GEN", null=True, blank=True)
    anime_2d = models.BooleanField("ANIME_2D", null=True, blank=True)
    anime_3d = models.BooleanField("ANIME_3D", null=True, blank=True)
    video_game = models.BooleanField("VIDEO_GAME", null=True, blank=True)
    kling = models.BooleanField("KLING", null=True, blank=True)
    higgsfield = models.BooleanField("HIGGSFIELD", null=True, blank=True)
    wan = models.BooleanField("WAN", null=True, blank=True)
    midjourney = models.BooleanField("MIDJOURNEY", null=True, blank=True)
    hailuo = models.BooleanField("HAILUO", null=True, blank=True)
    ray = models.BooleanField("RAY", null=True, blank=True)
    veo = models.BooleanField("VEO", null=True, blank=True)
    runway = models.BooleanField("RUNWAY", null=True, blank=True)
    sora = models.BooleanField("SORA", null=True, blank=True)
    chatgpt = models.BooleanField("CHATGPT", null=True, blank=True)
    pika = models.BooleanField("PIKA", null=True, blank=True)
    hunyuan = models.BooleanField("HUNYUAN", null=True, blank=True)
    vidu = models.BooleanField("VIDU", null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [generator_requires_ai_gen()]

    def labels(self) -> dict[Label, bool | None]:
        """Return the 17 judgements in v5's order."""
        return {label: getattr(self, label_field(label)) for label in V5_LABELS}

    def positive_labels(self) -> list[Label]:
        return [label for label, value in self.labels().items() if value]


class Outcome(models.TextChoices):
    LABELED = "labeled", "Labeled"
    SKIPPED = "skipped", "Skipped"
    UNDONE = "undone", "Undone"
    VOIDED = "voided", "Voided"


class SkipReason(models.TextChoices):
    CANNOT_TELL = "cannot_tell", "Cannot tell"
    UNAVAILABLE = "unavailable", "Unavailable"
    NOT_A_VIDEO = "not_a_video", "Not a video"
    OFFENSIVE = "offensive", "Offensive"
    OTHER = "other", "Other"


class SkipDestination(models.TextChoices):
    OTHERS = "others", "To others"
    LATER = "later", "To me, later"
    OUT = "out", "Out of the queue"


GOLD, REVIEW = "gold", "review"
"""How a video was picked for an answer that settles nothing by itself."""


class AnnotationQuerySet(models.QuerySet["Annotation"]):
    def latest_per_labeler(self) -> Self:
        """Each person's newest row for each video; older rows are history."""
        newest = Annotation.objects.values("video", "labeler").annotate(newest=Max("pk")).values("newest")
        return self.filter(pk__in=newest)

    def not_taken_back(self) -> Self:
        """Rows that nobody undid or declared void."""
        taken_back = Annotation.objects.filter(outcome__in=[Outcome.UNDONE, Outcome.VOIDED])
        return self.filter(~Exists(taken_back.filter(replaces=OuterRef("pk"))))

    def standing_for(self, video: Video) -> Self:
        """The labels that count towards settling `video`: latest, neither skipped, undone nor void."""
        asked = video.annotations.exclude(picked_by__in=(GOLD, REVIEW))
        newest = asked.values("labeler").annotate(newest=Max("pk")).values("newest")
        return self.filter(pk__in=newest, outcome=Outcome.LABELED)


class Annotation(LabelSet):
    """One person's answer to one video. Append-only: an edit, undo or void is a new row."""

    video = models.ForeignKey(Video, on_delete=models.PROTECT, related_name="annotations")
    labeler = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="annotations"
    )
    outcome = models.CharField(max_length=10, choices=Outcome)
    skip_reason = models.CharField(max_length=20, choices=SkipReason, blank=True)
    skipped_to = models.CharField(max_length=6, choices=SkipDestination, blank=True)
    note = models.TextField(blank=True, max_length=4000)
    question = models.TextField(blank=True, max_length=1000, help_text="What a reviewer is asked.")
    guideline_version = models.PositiveIntegerField(default=1)
    seconds = models.FloatField(null=True, blank=True, help_text="Time on screen, idle time left out.")
    shown_model = models.CharField(
        max_length=80, blank=True, help_text="Slug of the model whose suggestions were shown; empty: none."
    )
    picked_by = models.CharField(max_length=40, default="random")
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # Few rows have one of these three: their indexes leave the others out.
    together_with = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="for_twins",
        db_index=False,
        help_text="The answer that was given to this footage once, for all videos of its group.",
    )
    bulk = models.ForeignKey(
        "labeling.BulkEdit",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="annotations",
        db_index=False,
    )
    voiding = models.ForeignKey(
        "labeling.Voiding",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="annotations",
        db_index=False,
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[Any] = AnnotationQuerySet.as_manager()

    class Meta(LabelSet.Meta):
        abstract = False
        constraints = [
            *LabelSet.Meta.constraints,
            models.CheckConstraint(
                name="annotation_labeled_judges_ai_gen",
                condition=~Q(outcome=Outcome.LABELED) | Q(ai_gen__isnull=False),
            ),
            models.CheckConstraint(
                name="annotation_skipped_has_reason",
                condition=Q(outcome=Outcome.SKIPPED, skip_reason__in=SkipReason.values)
                | (~Q(outcome=Outcome.SKIPPED) & Q(skip_reason="")),
            ),
            models.CheckConstraint(
                name="annotation_skipped_to_somewhere",
                condition=Q(outcome=Outcome.SKIPPED) | Q(skipped_to=""),
            ),
        ]
        indexes = [
            models.Index(name="annotation_history", fields=["video", "labeler", "-id"]),
            models.Index(name="annotation_by_labeler", fields=["labeler", "-created_at"]),
            models.Index(name="annotation_in_time", fields=["-created_at"]),
            models.Index(name="annotation_question", fields=["-id"], condition=~Q(question="")),
            *(
                models.Index(
                    name=f"annotation_{name}", fields=[name], condition=Q(**{f"{name}__isnull": False})
                )
                for name in ("together_with", "bulk", "voiding")
            ),
        ]
        permissions = [("label_video", "Can label videos")]

    def __str__(self) -> str:
        return f"{self.labeler}: {self.outcome} {self.video_id}"


class EvidenceKind(models.TextChoices):
    AUTHOR = "author", "Author says so"
    WATERMARK = "watermark", "Visible watermark"
    METADATA = "metadata", "Provenance metadata"
    ACCOUNT = "account", "Generator's own account"
    ARTEFACTS = "artefacts", "Artefacts only"
    OTHER = "other", "Other"


def validate_label_names(names: Any) -> None:
    """Refuse anything but a list of known label names."""
    unknown = [name for name in names if name not in V5_LABELS] if isinstance(names, list) else [names]
    if unknown:
        raise ValidationError(f"Not a label: {', '.join(map(str, unknown))}.")


class Evidence(models.Model):
    """Why a label is on."""

    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="evidence")
    labels = models.JSONField(default=list, validators=[validate_label_names])
    kind = models.CharField(max_length=10, choices=EvidenceKind)
    quote = models.TextField(blank=True, max_length=1000)
    at_seconds = models.FloatField(null=True, blank=True, help_text="Where in the clip it can be seen.")

    class Meta:
        verbose_name_plural = "evidence"

    def __str__(self) -> str:
        return f"{self.kind}: {', '.join(self.labels)}"

    def again(self, annotation: Annotation, labels: list[str]) -> "Evidence":
        """Return the same evidence for another answer, of these labels; unsaved."""
        said = {"kind": self.kind, "quote": self.quote, "at_seconds": self.at_seconds}
        return Evidence(annotation=annotation, labels=labels, **said)


class SettlementMethod(models.TextChoices):
    SINGLE = "single", "One answer"
    AGREED = "agreed", "Labelers agreed"
    ADJUDICATED = "adjudicated", "A reviewer decided"
    IMPORTED = "imported", "Imported"
    REOPENED = "reopened", "Reopened: nothing counts"


class SettlementQuerySet(models.QuerySet["Settlement"]):
    def standing(self) -> Self:
        """The settlements that count now, one a video."""
        return self.filter(video__settlement=F("pk"))


class Settlement(LabelSet):
    """The labels that count for a video. Immutable; the newest one stands."""

    video = models.ForeignKey(Video, on_delete=models.PROTECT, related_name="settlements")
    method = models.CharField(max_length=12, choices=SettlementMethod)
    annotations = models.ManyToManyField(Annotation, related_name="settlements")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[Any] = SettlementQuerySet.as_manager()

    class Meta(LabelSet.Meta):
        abstract = False
        constraints = [
            *LabelSet.Meta.constraints,
            models.CheckConstraint(
                name="settlement_judges_ai_gen",
                condition=Q(method=SettlementMethod.REOPENED) | Q(ai_gen__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="settlement_newest", fields=["video", "-id"]),
            # Most labels are rare: a list of videos that have one finds them without reading the others.
            *(
                models.Index(
                    name=f"settlement_{label_field(label)}",
                    fields=["-video"],
                    condition=Q(**{label_field(label): True}),
                )
                for label in V5_LABELS
            ),
        ]
        permissions = [("review_video", "Can review and settle videos")]

    def __str__(self) -> str:
        return f"{self.video_id}: {self.method}"
