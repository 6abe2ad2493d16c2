"""What one person did to many answers at once, so that it can be seen and taken back as one."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.formats import number_format


class AlreadyUndone(Exception):
    """Somebody took it back first."""

    def __init__(self) -> None:
        super().__init__("This was taken back already.")


class Act(models.Model):
    """Something done once, by somebody, and perhaps taken back later. Its rows in Annotation name it."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        abstract = True

    def take_back(self, by: Any) -> None:
        """Mark it as undone by somebody: the UPDATE lets one of several win.

        Raises:
            AlreadyUndone: Somebody was first; nothing was written.
        """
        still_done = type(self)._default_manager.filter(pk=self.pk, undone_at=None)
        if not still_done.update(undone_at=timezone.now(), undone_by=by):
            raise AlreadyUndone


class BulkEdit(Act):
    """One reviewer's labels for many videos."""

    labels = models.JSONField(help_text="{label: true or false}: what was said of each video.")
    filters = models.CharField(max_length=2000, blank=True, help_text="The query that chose the videos.")
    note = models.TextField(blank=True, max_length=4000)
    num_videos = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        said = ", ".join(f"{label} {'yes' if value else 'no'}" for label, value in self.labels.items())
        return f"{said}: {number_format(self.num_videos)} videos"


class Voiding(Act):
    """One person's answers of a period, declared void by an admin."""

    labeler = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="voidings")
    since = models.DateTimeField()
    until = models.DateTimeField()
    reason = models.TextField(max_length=1000)
    num_answers = models.PositiveIntegerField(default=0)

    class Meta(Act.Meta):
        abstract = False
        constraints = [
            models.CheckConstraint(name="voiding_has_period", condition=Q(since__lt=F("until"))),
        ]

    def __str__(self) -> str:
        return f"{self.labeler}: {number_format(self.num_answers)} answers"
