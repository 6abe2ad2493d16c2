"""The ranges of resolution and length: what a batch's page counts and filters by, and models are scored on.

Loads neither torch nor Django.
"""

from training.batches.rows import ManifestRow

Steps = tuple[tuple[str, float], ...]
"""Names by the least value, which rises."""

RESOLUTIONS: Steps = (
    ("under 360p", 0),
    ("360p", 360),
    ("480p", 480),
    ("720p", 720),
    ("1080p", 1080),
    ("1440p and more", 1440),
)
"""By the short side of the largest encoding."""

DURATIONS: Steps = (
    ("under 5 s", 0),
    ("5 to 10 s", 5),
    ("10 to 30 s", 10),
    ("30 to 60 s", 30),
    ("1 to 2 min", 60),
    ("2 min and more", 120),
)


def resolution_of(row: ManifestRow) -> str:
    return step_of(min(row.best_variant.width, row.best_variant.height), RESOLUTIONS)


def duration_of(row: ManifestRow) -> str:
    return step_of(row.best_variant.duration_seconds, DURATIONS)


def step_of(value: float, steps: Steps) -> str:
    """Give the name of the last step that `value` reaches."""
    return [name for name, least in steps if value >= least][-1]
