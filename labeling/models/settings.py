"""What an admin can change while the site runs."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

PERCENT = [MinValueValidator(0), MaxValueValidator(100)]


class SiteSettings(models.Model):
    """One row, with history."""

    class Ranking(models.TextChoices):
        RANDOM = "random", "Random"
        UNCERTAIN = "uncertain", "Where the model is least sure first"

    overlap_percent = models.PositiveSmallIntegerField(
        default=0, validators=PERCENT, help_text="Share of videos that two people label."
    )
    max_answers = models.PositiveSmallIntegerField(
        default=3, validators=[MinValueValidator(1)], help_text="Answers per video before a reviewer decides."
    )
    blind_percent = models.PositiveSmallIntegerField(
        default=10,
        validators=PERCENT,
        help_text="Share of videos outside the test set shown without suggestions.",
    )
    gold_percent = models.PositiveSmallIntegerField(
        default=0,
        validators=PERCENT,
        help_text="Share of what a labeler is given that is gold: videos whose answer is known.",
    )
    answers_per_day = models.PositiveIntegerField(
        default=0, help_text="The most answers one person may give in a day; 0: as many as they like."
    )
    ranking = models.CharField(max_length=20, choices=Ranking, default=Ranking.UNCERTAIN)
    test_percent = models.PositiveSmallIntegerField(
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text="Share of new groups that go to the test set. Fixed once a batch is exported.",
    )
    export_after = models.PositiveIntegerField(
        default=0,
        help_text="Export a batch by itself once so many videos are settled and wait for one. 0: never. "
        "After an export that somebody stopped, not before the next day.",
    )
    label_target = models.PositiveIntegerField(
        default=500,
        validators=[MinValueValidator(1)],
        help_text="Positive videos wanted of each label; the growth page says what is lacking.",
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "site settings"
        constraints = [models.CheckConstraint(name="site_settings_is_one_row", condition=Q(pk=1))]

    @classmethod
    def current(cls) -> "SiteSettings":
        return cls.objects.get_or_create(pk=1)[0]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)

    def __str__(self) -> str:
        return "Site settings"
