"""What the database refuses, by the name of the constraint."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction


def constraint_names(app_label: str) -> set[str]:
    """Return the names of all constraints that an app's models declare."""
    models = apps.get_app_config(app_label).get_models()
    return {constraint.name for model in models for constraint in model._meta.constraints}


@contextmanager
def refused_by(name: str) -> Iterator[None]:
    """Pass if the database refuses what the block writes because of that constraint.

    SQLite does not name a unique constraint: there any of them will do.
    """
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        yield
    is_nameless = connection.vendor == "sqlite" and "UNIQUE constraint failed" in str(caught.value)
    assert name in str(caught.value) or is_nameless
