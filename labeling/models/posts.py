"""A post: one X post, or one imported item."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Count, F, Q
from django.db.models.functions import Now, Upper
from django.urls import reverse
from django.utils import timezone


class PostSource(models.TextChoices):
    X = "x", "X"
    IMPORT = "import", "Imported file"


class AddedHow(models.TextChoices):
    PAGE = "page", "Collect page"
    API = "api", "API"
    COMMAND = "command", "Command line"
    CSV = "csv", "CSV file"


class PostQuerySet(models.QuerySet["Post"]):
    def collected(self) -> Self:
        return self.filter(collected_at__isnull=False)

    def failed(self) -> Self:
        return self.exclude(failure_kind="")

    def waiting(self) -> Self:
        return self.filter(collected_at=None, failure_kind="")

    def storing(self) -> Self:
        """Posts of which a variant is still to come."""
        return self._with_a_variant("waiting")

    def incomplete(self) -> Self:
        """Posts of which a variant failed."""
        return self._with_a_variant("failed")

    def _with_a_variant(self, state: str) -> Self:
        having = Post.objects.filter(videos__variants__state=state)
        return self.filter(pk__in=having.values("pk"))

    def by_author(self, handle: str) -> Self:
        return self.filter(author_handle__iexact=handle.removeprefix("@"))

    def to_recheck(self, *, before: datetime) -> Self:
        """Posts of X that nobody has asked for since `before`, the longest unasked first."""
        unasked = Q(rechecked_at=None, collected_at__lt=before) | Q(rechecked_at__lt=before)
        return self.filter(unasked, source=PostSource.X).order_by(
            F("rechecked_at").asc(nulls_first=True), "pk"
        )

    def matching(self, text: str) -> Self:
        """Posts whose text, author or id contains `text`."""
        words = Q(text__icontains=text) | Q(author_handle__icontains=text.removeprefix("@")) | Q(x_id=text)
        return self.filter(words)

    def with_num_videos(self) -> Self:
        return self.annotate(num_videos=Count("videos"))


class Post(models.Model):
    x_id = models.CharField(
        "X id", max_length=80, unique=True, help_text="X's id, or import:<sha256> for an imported file."
    )
    source = models.CharField(max_length=10, choices=PostSource, default=PostSource.X)
    author_handle = models.CharField(max_length=60, blank=True)
    author_id = models.CharField(max_length=40, blank=True)
    text = models.TextField(blank=True)
    language = models.CharField(max_length=20, blank=True)
    posted_at = models.DateTimeField(null=True, blank=True)
    num_likes = models.PositiveBigIntegerField(null=True, blank=True)
    num_reposts = models.PositiveBigIntegerField(null=True, blank=True)
    num_replies = models.PositiveBigIntegerField(null=True, blank=True)
    num_views = models.PositiveBigIntegerField(null=True, blank=True)
    is_sensitive = models.BooleanField(default=False)
    quoted_id = models.CharField(max_length=40, blank=True)
    raw = models.JSONField("raw status", null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True, help_text="Other columns of an imported CSV row.")
    brought = models.JSONField(
        default=dict, blank=True, help_text="What a CSV said its only video is: labels and evidence."
    )

    failure_kind = models.CharField(max_length=40, blank=True)
    failure_message = models.TextField(blank=True)
    deleted_on_x_at = models.DateTimeField(null=True, blank=True)
    rechecked_at = models.DateTimeField(null=True, blank=True, editable=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    added_how = models.CharField(max_length=10, choices=AddedHow, default=AddedHow.COMMAND)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    collected_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[Any] = PostQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(name="post_newest", fields=["-id"]),
            models.Index(Upper("author_handle"), F("id").desc(), name="post_author"),
            models.Index(name="post_added", fields=["created_at"]),
            models.Index(
                name="post_waiting", fields=["-id"], condition=Q(collected_at=None, failure_kind="")
            ),
            models.Index(name="post_failed", fields=["failure_kind", "-id"], condition=~Q(failure_kind="")),
        ]
        permissions = [("collect_post", "Can collect posts")]

    @property
    def url(self) -> str:
        """The post on X, or nothing for an imported file."""
        return f"https://x.com/i/status/{self.x_id}" if self.source == PostSource.X else ""

    def mark_rechecked(self, *, is_gone: bool) -> None:
        """Note that X was asked, and whether the post is still there; what is stored of it stays."""
        post = type(self).objects.filter(pk=self.pk)
        post.update(rechecked_at=Now())
        if is_gone:
            post.filter(deleted_on_x_at=None).update(deleted_on_x_at=Now())
        else:
            post.update(deleted_on_x_at=None)

    def get_absolute_url(self) -> str:
        return reverse("labeling:post-detail", args=[self.pk])

    def __str__(self) -> str:
        return f"@{self.author_handle} {self.x_id}" if self.author_handle else self.x_id
