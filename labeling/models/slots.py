"""The labeling queue's narrow rows."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from labeling.models.videos import Video


class SlotState(models.TextChoices):
    FREE = "free", "Free"
    HELD = "held", "Held"
    KEPT = "kept", "Kept for later"
    DONE = "done", "Done"
    OUT = "out", "Out of the queue"


class SlotQuerySet(models.QuerySet["Slot"]):
    def free(self, now: datetime | None = None) -> Self:
        """Slots anyone may claim: free ones, and held ones whose lease ran out.

        One whose video was decided or withdrawn meanwhile stays its holder's, who may still answer.
        """
        now = now or timezone.now()
        asked = Video.objects.filter(pk=models.OuterRef("video"), settlement=None, is_withdrawn=False)
        # `=`, not EXISTS: for that a plan may read all videos; this reads the one of a lease that ran out.
        ran_out = Q(state=SlotState.HELD, lease_until__lt=now) & Q(video=models.Subquery(asked.values("pk")))
        return self.filter(Q(state=SlotState.FREE) | ran_out, is_gold=False)

    def held(self, now: datetime | None = None) -> Self:
        return self.filter(state=SlotState.HELD, lease_until__gte=now or timezone.now())

    def held_by(self, user: Any) -> Self:
        return self.held().filter(labeler=user)

    def open_to(self, user: Any) -> Self:
        """Slots of videos that `user` has not answered, skipped, kept or claimed in another slot."""
        mine = Slot.objects.filter(
            video=models.OuterRef("video"),
            labeler=user,
            state__in=[SlotState.HELD, SlotState.DONE, SlotState.KEPT],
        )
        return self.filter(~models.Exists(mine.exclude(pk=models.OuterRef("pk"))))


class Slot(models.Model):
    """Video V wants its n-th answer."""

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="slots")
    n = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=5, choices=SlotState, default=SlotState.FREE)
    priority = models.FloatField(default=0)
    labeler = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="slots"
    )
    claim = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    claimed_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(
        null=True, blank=True, help_text="When a video kept for later comes back to whom it is kept for."
    )
    is_gold = models.BooleanField(
        default=False, help_text="Given to one person to see how well they label; it settles nothing."
    )
    shown_model = models.CharField(
        max_length=80, blank=True, help_text="Slug of the model whose suggestions the holder was shown."
    )

    objects: ClassVar[Any] = SlotQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="slot_once_per_answer", fields=["video", "n"]),
            models.UniqueConstraint(
                name="slot_once_per_labeler",
                fields=["video", "labeler"],
                condition=Q(state__in=[SlotState.HELD, SlotState.DONE]),
            ),
            models.CheckConstraint(
                name="slot_held_has_lease",
                condition=~Q(state=SlotState.HELD)
                | Q(labeler__isnull=False, lease_until__isnull=False, claim__isnull=False),
            ),
            models.CheckConstraint(
                name="slot_kept_for_somebody",
                condition=~Q(state=SlotState.KEPT)
                | Q(labeler__isnull=False, lease_until__isnull=False, due_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                name="slot_best_free",
                fields=["-priority", "id"],
                condition=Q(state__in=[SlotState.FREE, SlotState.HELD]),
            ),
            models.Index(name="slot_held", fields=["lease_until"], condition=Q(state=SlotState.HELD)),
            models.Index(name="slot_kept", fields=["lease_until"], condition=Q(state=SlotState.KEPT)),
            models.Index(name="slot_by_labeler", fields=["labeler", "-claimed_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.video_id} #{self.n} {self.state}"
