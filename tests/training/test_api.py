import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from pytest_django import DjangoAssertNumQueries

from tests.api import ApiClient
from tests.factories import make_batch, make_settlement, make_user, make_video

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def api() -> ApiClient:
    return ApiClient(make_user("rita", role="admin"))


def test_exported_batches_are_listed_newest_first(api: ApiClient) -> None:
    make_batch("v5.0", settlements=[make_settlement(make_video(split="test"))], label_counts={"AI_GEN": {}})
    make_batch("v5.1", digest="d1")
    make_batch("v5.2", state="frozen", digest="", manifest_name="", exported_at=None)

    found = api.read("/batches").json()

    assert [batch["slug"] for batch in found] == ["v5.1", "v5.0"]
    assert (found[0]["digest"], found[1]["test"], found[1]["train"]) == ("d1", 1, 0)
    assert found[1]["labels"] == {"AI_GEN": {}}
    assert found[1]["manifest"] == "http://testserver/api/batches/v5.0/manifest"


@pytest.mark.parametrize("num_batches", [1, 5])
def test_list_costs_two_queries(
    num_batches: int, api: ApiClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(num_batches):
        make_batch(f"v5.{number}")

    with django_assert_num_queries(2):
        api.read("/batches")


def test_manifest_is_sent_byte_for_byte(api: ApiClient) -> None:
    name = default_storage.save("batches/v5.0.parquet", ContentFile(b"PAR1 rows PAR1"))
    make_batch("v5.0", manifest_name=name)

    response = api.read("/batches/v5.0/manifest")

    assert response.status_code == 200
    assert response.getvalue() == b"PAR1 rows PAR1"
    assert 'filename="v5.0.parquet"' in response["Content-Disposition"]


def test_manifest_needs_the_right_to_export() -> None:
    make_batch("v5.0")

    response = ApiClient(make_user()).read("/batches/v5.0/manifest")

    assert response.status_code == 403
    assert response.json()["detail"] == "Your account lacks the right to export batches."


def test_manifest_that_was_lost_is_told_apart_from_a_batch_that_never_was(api: ApiClient) -> None:
    make_batch("v5.0")

    lost, never = api.read("/batches/v5.0/manifest"), api.read("/batches/v9.9/manifest")

    assert (lost.status_code, never.status_code) == (404, 404)
    assert "manifest of v5.0 is missing from the storage" in lost.json()["detail"]
    assert "No TrainingBatch matches" in never.json()["detail"]
