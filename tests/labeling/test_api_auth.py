"""Who may call the API, and what a caller without the right is told."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from labeling import storage
from labeling.models import ApiToken
from tests.api import ApiClient
from tests.factories import make_user, make_video

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def test_bearer_of_a_token_is_let_in(ana: User) -> None:
    make_video()

    response = ApiClient(ana).send("/queue/claim")

    assert response.status_code == 200


@pytest.mark.parametrize("path", ["/api/queue/claim", "/api/posts"])
def test_call_without_a_token_is_told_how_to_get_one(path: str, client: Client) -> None:
    response = client.post(path)

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert "manage.py token USER" in response.json()["detail"]


@pytest.mark.parametrize("header", ["Bearer cake_unknown", "Bearer ", "Bearer a b", "bearer cake_unknown"])
def test_unknown_token_is_refused(header: str, client: Client) -> None:
    response = client.post("/api/queue/claim", headers={"Authorization": header})

    assert response.status_code == 401
    assert "unknown or revoked" in response.json()["detail"]


def test_unknown_token_is_refused_even_beside_a_session(ana: User, client: Client) -> None:
    client.force_login(ana)

    response = client.get("/api/models", headers={"Authorization": "Bearer cake_unknown"})

    assert response.status_code == 401


def test_revoked_token_is_refused(ana: User) -> None:
    api = ApiClient(ana)
    ApiToken.objects.update(revoked_at=timezone.now())

    assert api.read("/models").status_code == 401


def test_session_may_read(ana: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ana)

    assert client.get("/api/models").status_code == 200


def test_session_needs_the_csrf_token_to_write(ana: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ana)

    response = client.post("/api/queue/claim")

    assert response.status_code == 403
    assert "X-CSRFToken" in response.json()["detail"]


def test_session_with_the_csrf_token_may_write(ana: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ana)
    client.get("/label/")
    token = client.cookies["csrftoken"].value

    response = client.post("/api/queue/claim", headers={"X-CSRFToken": token})

    assert response.status_code == 204


@pytest.mark.parametrize(
    ("path", "needed"),
    [("/queue/claim", "label videos"), ("/posts", "collect posts")],
)
def test_caller_without_the_right_is_told_which_one_is_missing(path: str, needed: str) -> None:
    response = ApiClient(make_user("guest", role=None)).send(path, {"urls": ["20"]})

    assert response.status_code == 403
    assert response.json() == {"detail": f"Your account lacks the right to {needed}.", "errors": []}


def test_unknown_address_is_not_found(ana: User) -> None:
    assert ApiClient(ana).read("/posts/999999").status_code == 404
    assert ApiClient(ana).read("/nothing").status_code == 404


def test_token_opens_the_files_that_the_api_names(ana: User, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"some bytes")
    url = storage.file_url(storage.store_file(path, ".mp4").name)

    with_token, without = ApiClient(ana).get(url), Client().get(url)

    assert with_token.getvalue() == b"some bytes"
    assert without.status_code == 302
