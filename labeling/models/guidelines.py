"""What the labels mean here, in versions: an answer says which one it followed."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from cakelens.labels import V5_LABELS
from labeling.composed import Select
from labeling.models.settings import SiteSettings


class Guideline(models.Model):
    """One version of the labeling guideline. The newest one is in force."""

    version = models.PositiveIntegerField(unique=True)
    text = models.TextField(help_text="Shown to labelers on the keys page.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-version"]

    @classmethod
    def version_in_force(cls) -> int:
        newest = NEWEST.first()
        return newest.version if newest else 1

    @classmethod
    def reworded(cls, by: Any) -> "Guideline":
        """Begin a version with the text in force: what a label means was changed beside it.

        Runs in the transaction of that change; two at once begin two versions, one after the other.
        """
        SiteSettings.objects.select_for_update().get(pk=SiteSettings.current().pk)
        text = cls.objects.order_by("-version").values_list("text", flat=True).first() or ""
        return cls.objects.create(version=cls.version_in_force() + 1, text=text, created_by=by)

    def __str__(self) -> str:
        return f"Guideline {self.version}"


NEWEST = Select(lambda: Guideline.objects.only("version").order_by("-version")[:1])


class LabelDefinition(models.Model):
    """An admin's own wording for a label, in place of the library's. A changed one is a new `Guideline`."""

    label = models.CharField(max_length=20, unique=True, choices=[(label, label) for label in V5_LABELS])
    text = models.TextField()
    examples = models.ManyToManyField("labeling.Video", blank=True, related_name="+")

    def __str__(self) -> str:
        return self.label
