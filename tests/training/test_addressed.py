"""Addresses with a NUL, which PostgreSQL takes in no text, lead to no batch."""

import pytest
from django.test import Client

from labeling.models import ApiToken
from tests.factories import make_batch, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    make_batch("v5.0")
    client.force_login(make_user(role="admin"))
    return client


@pytest.fixture
def bearer() -> dict[str, str]:
    make_batch("v5.0")
    return {"Authorization": f"Bearer {ApiToken.objects.issue(make_user(role='admin'))}"}


@pytest.mark.parametrize("rest", ["", "videos/", "manifest/", "clips.csv", "croissant.json"])
@pytest.mark.parametrize("slug", ["%00", "v5.0%00"])
def test_page_of_a_name_with_a_nul_is_not_found(admin: Client, slug: str, rest: str) -> None:
    assert admin.get(f"/batches/{slug}/{rest}").status_code == 404


def test_digest_with_a_nul_is_not_found(admin: Client) -> None:
    assert admin.get("/batches/by-digest/%00/").status_code == 404


def test_training_on_a_name_with_a_nul_is_not_found(admin: Client) -> None:
    assert admin.post("/batches/%00/train/", {"preset": "tiny"}).status_code == 404


def test_comparing_with_a_name_with_a_nul_is_comparing_with_none(admin: Client) -> None:
    assert admin.get("/batches/v5.0/?against=%00").status_code == 200


@pytest.mark.parametrize("rest", ["manifest", "withdrawn"])
def test_api_does_not_find_a_name_with_a_nul(client: Client, bearer: dict[str, str], rest: str) -> None:
    response = client.get(f"/api/batches/%00/{rest}", headers=bearer)

    assert (response.status_code, response.json()["detail"]) == (404, "No batch has a NUL in its name.")


@pytest.mark.parametrize(("slug", "sha256", "status"), [("%00", "a" * 64, 404), ("v5.0", "\0", 422)])
def test_api_refuses_a_nul_where_files_are_asked_for(
    client: Client, bearer: dict[str, str], slug: str, sha256: str, status: int
) -> None:
    response = client.post(
        f"/api/batches/{slug}/files", {"sha256": [sha256]}, content_type="application/json", headers=bearer
    )

    assert response.status_code == status
