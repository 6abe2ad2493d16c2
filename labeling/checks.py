"""Settings that a task would trip over later, said at start."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from labeling.collecting.config import x_settings


@register
def check_rate_limit(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse an X_RATE_LIMIT that is no number of bytes."""
    try:
        x_settings()
    except ValueError as exc:
        return [Error(str(exc), id="labeling.E001")]
    return []
