"""Videos, their encodings, and the groups that keep one footage on one side of the split."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from labeling.models.posts import Post


class VideoKind(models.TextChoices):
    VIDEO = "video", "Video"
    GIF = "gif", "GIF"


class Split(models.TextChoices):
    TRAIN = "train", "Train"
    VALIDATION = "validation", "Validation"
    TEST = "test", "Test"


class VariantState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    STORED = "stored", "Stored"
    FAILED = "failed", "Failed"


class SplitLedger(models.Model):
    """One row: the number of the next new group, and the key of the shuffle. Its lock serialises splits."""

    key = models.CharField(max_length=128, editable=False)
    next_number = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(name="split_ledger_is_one_row", condition=Q(pk=1))]

    def __str__(self) -> str:
        return f"{self.next_number} groups split"


class DuplicateGroup(models.Model):
    """Videos that are the same footage. A video alone is a group of one."""

    key = models.CharField(max_length=100, unique=True, help_text="The key of the video that founded it.")
    number = models.PositiveBigIntegerField(unique=True, help_text="Its place in the order of arrival.")
    split = models.CharField(max_length=10, choices=Split)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(name="group_split_known", condition=Q(split__in=Split.values))]

    def __str__(self) -> str:
        return f"{self.key} ({self.split})"


class VideoQuerySet(models.QuerySet["Video"]):
    def ready(self) -> Self:
        """Videos with at least one stored variant, a group and a split."""
        return self.filter(ready_at__isnull=False)

    def settled(self) -> Self:
        return self.filter(settlement__isnull=False)

    def unsettled(self) -> Self:
        return self.filter(settlement=None)

    def exportable(self) -> Self:
        """Settled videos that neither leak nor were taken back."""
        return self.ready().settled().filter(quarantine="", is_withdrawn=False)

    def in_split(self, split: str) -> Self:
        return self.filter(split=split)


class Video(models.Model):
    """One video of a post: the unit people label."""

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="videos")
    index = models.PositiveSmallIntegerField(default=0, help_text="Its place in the post, from 0.")
    key = models.CharField(max_length=100, unique=True, help_text="<post id>/<index>: stable everywhere.")
    media_id = models.CharField(max_length=80, blank=True, db_index=True)
    kind = models.CharField(max_length=10, choices=VideoKind, default=VideoKind.VIDEO)
    duration_seconds = models.FloatField(null=True, blank=True)
    poster_url = models.URLField(max_length=500, blank=True)
    poster_name = models.CharField(max_length=200, blank=True)
    fingerprint = models.BinaryField(null=True, blank=True)
    source_user_id = models.CharField(max_length=40, blank=True, help_text="Whose media X says it is.")

    group = models.ForeignKey(
        DuplicateGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="videos"
    )
    split = models.CharField(max_length=10, choices=Split, null=True, blank=True)
    is_blind = models.BooleanField(default=False, help_text="Labelers see no suggestion. Test videos always.")
    priority = models.FloatField(default=0, help_text="Higher is labeled earlier.")
    picked_by = models.CharField(max_length=40, default="random", help_text="The policy behind the priority.")
    quarantine = models.CharField(
        max_length=200, blank=True, help_text="Why it stays out of batches: it would leak across the split."
    )
    is_withdrawn = models.BooleanField(default=False)
    settlement = models.OneToOneField(
        "labeling.Settlement",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The settlement that stands.",
    )
    disputed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Since when its answers contradict each other."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ready_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[Any] = VideoQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="video_once_in_post", fields=["post", "index"]),
            models.CheckConstraint(
                name="video_ready_has_split",
                condition=Q(ready_at=None) | Q(group__isnull=False, split__isnull=False),
            ),
            models.CheckConstraint(
                name="video_test_is_blind", condition=~Q(split=Split.TEST) | Q(is_blind=True)
            ),
        ]
        indexes = [
            models.Index(name="video_settled", fields=["split"], condition=Q(settlement__isnull=False)),
            # Few rows: what pages of batches say was learned since.
            models.Index(name="video_quarantined", fields=["id"], condition=~Q(quarantine="")),
            models.Index(name="video_withdrawn", fields=["id"], condition=Q(is_withdrawn=True)),
            models.Index(
                name="video_unsettled", fields=["id"], condition=Q(settlement=None, ready_at__isnull=False)
            ),
            models.Index(
                name="video_disputed", fields=["disputed_at"], condition=Q(disputed_at__isnull=False)
            ),
        ]

    def mark_ready(self) -> bool:
        """Let the video be labeled; False if it already was."""
        return bool(type(self).objects.filter(pk=self.pk, ready_at=None).update(ready_at=Now()))

    def best_variant(self) -> "Variant | None":
        """Return the stored variant with the most pixels, the smaller file among equals."""
        return self.variants.stored().order_by("-width", "-height", "num_bytes").first()

    def get_absolute_url(self) -> str:
        return reverse("labeling:video-detail", args=[self.pk])

    def __str__(self) -> str:
        return self.key


class VariantQuerySet(models.QuerySet["Variant"]):
    def stored(self) -> Self:
        return self.filter(state=VariantState.STORED)

    def unstored(self) -> Self:
        return self.exclude(state=VariantState.STORED)


class Variant(models.Model):
    """One encoding of a video as X serves it. What X declared stands beside what the file is."""

    video = models.ForeignKey(Video, on_delete=models.PROTECT, related_name="variants")
    url = models.CharField(max_length=2000, help_text="Where it came from; file:<name> for an import.")
    is_hls = models.BooleanField(default=False)
    declared_width = models.PositiveIntegerField(null=True, blank=True)
    declared_height = models.PositiveIntegerField(null=True, blank=True)
    declared_bit_rate_bps = models.PositiveBigIntegerField(null=True, blank=True)

    state = models.CharField(max_length=10, choices=VariantState, default=VariantState.WAITING)
    failure_kind = models.CharField(max_length=40, blank=True)
    failure_message = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    name = models.CharField("stored name", max_length=200, blank=True)
    num_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    fps = models.FloatField(null=True, blank=True)
    codec = models.CharField(max_length=30, blank=True)
    bit_rate_bps = models.PositiveBigIntegerField(null=True, blank=True)
    num_frames = models.PositiveIntegerField(null=True, blank=True)
    duration_seconds = models.FloatField(null=True, blank=True)
    stored_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[Any] = VariantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="variant_once_in_video", fields=["video", "url"]),
            models.CheckConstraint(
                name="variant_stored_has_file",
                # Spelled so that NULL is refused: a CHECK that evaluates to NULL would pass.
                condition=~Q(state=VariantState.STORED)
                | (~Q(sha256="") & ~Q(name="") & Q(num_frames__isnull=False, num_frames__gt=0)),
            ),
        ]
        indexes = [
            # What is still to come, or failed: few rows, which lists of posts look for.
            models.Index(name="variant_unstored", fields=["state"], condition=~Q(state="stored"))
        ]

    def __str__(self) -> str:
        size = f"{self.width}×{self.height}" if self.width else "not stored"
        return f"{self.video_id}: {size}"
