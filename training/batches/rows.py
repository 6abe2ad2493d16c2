"""The rows of a batch: one per video, with its labels and every encoding of it.

Pure values with their rules; loads neither torch nor Django nor pyarrow.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import PurePosixPath
from typing import Any, Self

from cakelens.labels import GENERATORS, V5_LABELS, Label

SPLITS = ("train", "validation", "test")
KINDS = ("video", "gif")

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PLAIN = ("video", "post", "split", "group", "author", "author_id", "posted_at", "method", "kind")


@dataclass(frozen=True, slots=True)
class VariantRow:
    """One encoding of a video: its bytes by hash, where they lie under the media root, what they are."""

    sha256: str
    name: str
    num_bytes: int
    width: int
    height: int
    fps: float
    codec: str
    bit_rate_bps: int
    num_frames: int
    duration_seconds: float

    def __post_init__(self) -> None:
        _check(_SHA256.fullmatch(self.sha256), "sha256 must be 64 hex digits", self.sha256)
        _check(_is_inside(self.name), "name must be a relative path without '..'", self.name)
        for fact in ("num_bytes", "width", "height", "num_frames"):
            _check(getattr(self, fact) > 0, f"{fact} must be > 0", getattr(self, fact))
        for fact in ("fps", "bit_rate_bps", "duration_seconds"):
            _check(getattr(self, fact) >= 0, f"{fact} must be >= 0", getattr(self, fact))


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One video with the labels that count for it. A label that is None was not judged."""

    video: str
    post: str
    split: str
    group: str
    method: str
    labels: Mapping[Label, bool | None]
    variants: tuple[VariantRow, ...]
    author: str | None = None
    author_id: str | None = None
    posted_at: str | None = None
    evidence: tuple[str, ...] = ()
    kind: str = "video"

    def __post_init__(self) -> None:
        _check(self.video and self.group, "video and group must not be empty", (self.video, self.group))
        _check(self.split in SPLITS, f"split must be one of {', '.join(SPLITS)}", self.split)
        _check(self.kind in KINDS, f"kind must be one of {', '.join(KINDS)}", self.kind)
        _check(list(self.evidence) == sorted(set(self.evidence)), "evidence must be sorted", self.evidence)
        hashes = [variant.sha256 for variant in self.variants]
        _check(hashes and hashes == sorted(set(hashes)), "variants must be sorted by sha256", hashes)
        _check_labels(self.labels)

    @property
    def targets(self) -> tuple[bool | None, ...]:
        """The labels in the order of the model's outputs."""
        return tuple(self.labels.get(label) for label in V5_LABELS)

    @property
    def best_variant(self) -> VariantRow:
        """The largest encoding: what evaluation reads, where training takes any."""
        return max(self.variants, key=lambda v: (v.width * v.height, v.bit_rate_bps, v.sha256))

    def to_dict(self) -> dict[str, Any]:
        """Give the row as Parquet and the digest have it."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        judged = {label.value: self.labels.get(label) for label in V5_LABELS}
        variants = [_variant_dict(variant) for variant in self.variants]
        return plain | judged | {"evidence": list(self.evidence), "variants": variants}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a row from `to_dict`.

        Raises:
            ValueError: A value breaks a rule of the row.
        """
        return cls(
            **{name: values[name] for name in _PLAIN},
            labels={label: values[label.value] for label in V5_LABELS},
            evidence=tuple(values["evidence"]),
            variants=tuple(VariantRow(**variant) for variant in values["variants"]),
        )

    def canonical_line(self) -> bytes:
        """Give the line of JSON that enters the digest."""
        line = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return line.encode() + b"\n"


def _variant_dict(variant: VariantRow) -> dict[str, Any]:
    """Give plain values; 24 and 24.0 frames a second are one value, and one digest."""
    # Not `asdict`: it copies deeply, which was a quarter of an export.
    values = {name: getattr(variant, name) for name in _VARIANT}
    return values | {"fps": float(variant.fps), "duration_seconds": float(variant.duration_seconds)}


_VARIANT = tuple(field.name for field in fields(VariantRow))


def _check_labels(labels: Mapping[Label, object]) -> None:
    unknown = sorted(set(labels) - set(V5_LABELS))
    _check(not unknown, "labels must be of the taxonomy", unknown)
    wrong = [label for label, value in labels.items() if not isinstance(value, bool | None)]
    _check(not wrong, "labels must be true, false or None", wrong)
    _check(labels.get(Label.AI_GEN) is not None, "AI_GEN must be judged", None)
    implied = [label.value for label in GENERATORS if labels.get(label)]
    _check(labels[Label.AI_GEN] or not implied, "a generator implies AI_GEN", implied)


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts


def _check(holds: object, rule: str, value: object) -> None:
    if not holds:
        raise ValueError(f"{rule}, got {value!r}")
