"""Rows of batches as tests want them."""

from collections.abc import Callable
from hashlib import sha256

import pytest

from training.rows import ManifestRow, VariantRow

MakeRow = Callable[..., ManifestRow]


def _variant(key: str, **facts: object) -> VariantRow:
    digest = sha256(key.encode()).hexdigest()
    values: dict[str, object] = {
        "sha256": digest,
        "name": f"media/{digest}.mp4",
        "num_bytes": 1000,
        "width": 64,
        "height": 48,
        "fps": 12.0,
        "codec": "h264",
        "bit_rate_bps": 8000,
        "num_frames": 18,
        "duration_seconds": 1.5,
    }
    return VariantRow(**(values | facts))  # type: ignore[arg-type]  # checked by the row itself


@pytest.fixture
def make_variant() -> Callable[..., VariantRow]:
    """`make_variant("a", width=64, …)` is a variant whose hash follows from its key."""
    return _variant


@pytest.fixture
def make_row() -> MakeRow:
    """`make_row(3, ai_gen=True, split="test", variant={"width": 512}, KLING=True)` is video 3 of a batch."""

    def make(
        number: int = 0, *, ai_gen: bool = True, variant: dict[str, object] | None = None, **values: object
    ) -> ManifestRow:
        key = f"{number:04d}/0"
        labels = {"AI_GEN": ai_gen} | {name: values.pop(name) for name in list(values) if name.isupper()}
        row: dict[str, object] = {
            "video": key,
            "post": f"{number:04d}",
            "split": "train",
            "group": key,
            "method": "single",
            "labels": labels,
            "variants": (_variant(key, **(variant or {})),),
        }
        return ManifestRow(**(row | values))  # type: ignore[arg-type]  # checked by the row itself

    return make
