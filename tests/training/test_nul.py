"""What is asked for beside an address's path may hold a NUL, too, which PostgreSQL takes in no text."""

import pytest
from django.test import Client

from labeling.models import ApiToken
from tests.factories import make_batch, make_user

pytestmark = pytest.mark.django_db


def test_comparing_with_a_name_with_a_nul_is_comparing_with_none(client: Client) -> None:
    make_batch("v5.0")
    client.force_login(make_user(role="admin"))

    assert client.get("/batches/v5.0/?against=%00").status_code == 200


def test_hash_that_is_none_is_refused(client: Client) -> None:
    make_batch("v5.0")
    token = ApiToken.objects.issue(make_user(role="admin"))

    response = client.post(
        "/api/batches/v5.0/files",
        {"sha256": ["\0"]},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )

    assert response.status_code == 422
