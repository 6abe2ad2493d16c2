"""Bringing in a batch that another site exported: its manifest, and the files fetched beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from labeling.collecting.errors import CollectError
from labeling.collecting.importer import ClipFacts, import_file, store_variant_file
from labeling.collecting.importing import Result, settle
from labeling.models import Variant, Video
from training.fetching import missing, wanted_files
from training.manifest import Manifest, ManifestError, read_manifest
from training.rows import ManifestRow


class CannotImport(Exception):
    """Nothing was imported; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A batch of another site, all of its files at hand."""

    manifest: Manifest
    media: Path

    def __len__(self) -> int:
        return len(self.manifest.rows)

    def take_in(self) -> Iterator[Result]:
        """Import video after video; one whose bytes are known is left as it is."""
        for row in self.manifest.rows:
            yield self._take_in(row)

    def _take_in(self, row: ManifestRow) -> Result:
        known = Video.objects.filter(variants__sha256=row.best_variant.sha256).first()
        if known is not None:
            return Result(row.video, "known", known.key)
        try:
            video = import_file(self.media / row.best_variant.name, self._facts(row)).video
            self._add_encodings(video, row)
            settle(video, row.labels)
        except CollectError as exc:
            return Result(row.video, "refused", error=str(exc))
        return Result(row.video, "new", video.key)

    def _facts(self, row: ManifestRow) -> ClipFacts:
        """Say where a video comes from: of which batch, under which name, on what its labels rest."""
        origin: Mapping[str, str] = {
            "dataset": f"CakeLens {self.manifest.slug}",
            "digest": self.manifest.digest,
            "video": row.video,
            "method": row.method,
            "evidence": ", ".join(row.evidence),
        }
        return ClipFacts(
            author_handle=row.author or "",
            posted_at=datetime.fromisoformat(row.posted_at) if row.posted_at else None,
            metadata=dict(origin),
            split=row.split,
        )

    def _add_encodings(self, video: Video, row: ManifestRow) -> None:
        for variant in row.variants:
            if variant is not row.best_variant:
                known, _ = Variant.objects.get_or_create(video=video, url=f"file:{Path(variant.name).name}")
                store_variant_file(known, self.media / variant.name)


def open_batch(path: Path, media: Path) -> Foreign:
    """Return a batch that can be imported.

    Raises:
        CannotImport: The manifest is missing or altered, or files are not there.
    """
    try:
        manifest = read_manifest(path)
    except ManifestError as exc:
        raise CannotImport(str(exc)) from exc
    lacking = missing(wanted_files(manifest.rows), media)
    if lacking:
        raise CannotImport(
            f"{media / lacking[0].name} is missing ({len(lacking):,} files are). Fetch them first: "
            f"manage.py fetch_batch --manifest URL --into {media}"
        )
    return Foreign(manifest, media)
