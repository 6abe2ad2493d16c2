"""Calling the API as a client would: with a token, in JSON."""

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from labeling.models import ApiToken


class ApiClient(Client):
    """A client that sends a user's token with everything, and JSON."""

    def __init__(self, user: User) -> None:
        super().__init__(headers={"Authorization": f"Bearer {ApiToken.objects.issue(user)}"})

    def send(self, path: str, body: Any = None, *, key: str = "") -> Any:
        """POST `body` as JSON, under an Idempotency-Key if one is given."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.post(f"/api{path}", body, content_type="application/json", headers=headers)

    def read(self, path: str, **query: str) -> Any:
        return self.get(f"/api{path}", query)
