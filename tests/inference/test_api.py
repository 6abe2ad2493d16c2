import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api import ApiClient
from tests.factories import make_model, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def test_models_are_listed_newest_first() -> None:
    make_model("v5", is_current=True, metrics={"auc": 0.9})
    make_model("v6", is_trained=False)

    found = ApiClient(make_user()).read("/models").json()

    assert [(model["slug"], model["is_current"], model["is_trained"]) for model in found] == [
        ("v6", False, False),
        ("v5", True, True),
    ]
    assert found[1]["metrics"] == {"auc": 0.9}


@pytest.mark.parametrize("num_models", [1, 5])
def test_list_costs_two_queries(num_models: int, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(num_models):
        make_model(f"v{number}")
    api = ApiClient(make_user())

    with django_assert_num_queries(2):
        api.read("/models")
