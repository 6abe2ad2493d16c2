"""What belongs to one person: preferences, API tokens, and answers already taken."""

import hashlib
import secrets
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from labeling.composed import Given, Select


class Preferences(models.Model):
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="preferences"
    )
    keymap = models.JSONField(default=dict, blank=True, help_text="Changed keys: {action: key}.")
    shows_sensitive = models.BooleanField(default=True, help_text="Off: sensitive posts go to others.")

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"preferences of {self.user}"


class ApiTokenManager(models.Manager["ApiToken"]):
    def issue(self, user: Any, name: str = "") -> str:
        """Make a token for `user` and return its text, which is never stored."""
        text = f"cake_{secrets.token_urlsafe(32)}"
        self.create(user=user, name=name, digest=_digest(text))
        return text

    def user_for(self, text: str) -> Any | None:
        """Return the active user whose token this is, or None."""
        token = TOKEN.first(digest=_digest(text))
        return token.user if token and token.user.is_active else None


def _digest(text: str) -> str:
    # A random token of 256 bits needs no salt and no slow hash: there is nothing to guess.
    return hashlib.sha256(text.encode()).hexdigest()


class ApiToken(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80, blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ApiTokenManager] = ApiTokenManager()

    def __str__(self) -> str:
        return f"token of {self.user} ({self.name or 'unnamed'})"


TOKEN = Select(
    lambda: ApiToken.objects.select_related("user").filter(digest=Given(ApiToken, "digest"), revoked_at=None)
)


class IdempotencyRecord(models.Model):
    """A request already carried out: the same key gets the same reply. Written in its transaction."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=80)
    body_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    reply = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="idempotency_once", fields=["user", "key"])]

    def __str__(self) -> str:
        return self.key
