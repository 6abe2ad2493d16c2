import pytest
from django.core.checks import run_checks
from pytest_django import Settings


@pytest.mark.parametrize(("rate", "expected"), [("", []), ("2M", []), ("fast", ["labeling.E001"])])
def test_rate_limit_that_is_no_number_of_bytes_is_said_at_start(
    settings: Settings, rate: str, expected: list[str]
) -> None:
    settings.X_RATE_LIMIT = rate

    found = [message.id for message in run_checks() if (message.id or "").startswith("labeling.")]

    assert found == expected
