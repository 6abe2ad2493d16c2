"""What a drill collects, and the proof that nothing of it was lost, doubled or damaged."""

import hashlib
import itertools
from dataclasses import dataclass, field
from pathlib import Path

from tests.collecting.standin.x import Standin

SIZES = ("64x36", "96x54")
PADDING = 160_000
"""Bytes that make a download last long enough to be killed in the middle."""


@dataclass
class Archive:
    """Posts of the stand-in, each variant with bytes of its own: its sha256 by its address."""

    x_ids: list[str] = field(default_factory=list)
    sha256_by_url: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """One variant as the database has it."""

    url: str
    state: str
    sha256: str
    name: str
    num_bytes: int | None


def publish(standin: Standin, num_posts: int) -> Archive:
    """Add posts with one video of two variants each."""
    archive = Archive()
    clips = [standin.clip(f"drill-{size}", size=size) for size in SIZES]
    for number in range(num_posts):
        media = standin.add_video(clips)
        for variant in media["video_info"]["variants"]:
            content = _unlike_others(standin.clip(f"drill-{SIZES[0]}"), f"{number} {variant['url']}")
            standin.serve(variant["url"], content)
            archive.sha256_by_url[variant["url"]] = hashlib.sha256(content).hexdigest()
        archive.x_ids.append(standin.add_post([media]))
    return archive


def _unlike_others(clip: Path, text: str) -> bytes:
    """Return the clip with a box behind it that players skip, filled by `text`."""
    filling = hashlib.sha256(text.encode()).digest() * (PADDING // 32)
    return clip.read_bytes() + (len(filling) + 8).to_bytes(4) + b"free" + filling


def damage(archive: Archive, found: list[Found], media_root: Path) -> list[str]:
    """Return all that is wrong with what was stored, in words; nothing if all is well."""
    found_by_url = {variant.url: variant for variant in found}
    return [
        *(f"{url} was lost" for url in archive.sha256_by_url if url not in found_by_url),
        *(f"{variant.url} is {variant.state}" for variant in found if variant.state != "stored"),
        *itertools.chain(*(_wrong_bytes(archive, variant, media_root) for variant in found)),
        *_strays({variant.name for variant in found}, media_root / "videos"),
    ]


def _wrong_bytes(archive: Archive, variant: Found, media_root: Path) -> list[str]:
    path = media_root / variant.name
    if not variant.name or not path.is_file():
        return [f"the file of {variant.url} is not there"]
    content = path.read_bytes()
    told = (archive.sha256_by_url.get(variant.url), len(content))
    real = hashlib.sha256(content).hexdigest()
    is_right = told == (variant.sha256, variant.num_bytes) and real == variant.sha256 == path.stem
    return [] if is_right else [f"{variant.url} holds other bytes than were served"]


def _strays(names: set[str], folder: Path) -> list[str]:
    files = {f"videos/{path.relative_to(folder)}" for path in folder.rglob("*") if path.is_file()}
    return [f"{name} belongs to no variant" for name in sorted(files - names)]
