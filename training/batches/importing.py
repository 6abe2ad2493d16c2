"""Bringing in a batch that another site exported: its manifest, and the files fetched beside it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from labeling import storage
from labeling.collecting import withdrawn as taken_back
from labeling.collecting.errors import CollectError
from labeling.collecting.facts import ClipFacts, fit, moment
from labeling.collecting.importer import import_file, store_variant_file
from labeling.collecting.importing import Result, conflict, settle
from labeling.models import Variant, VariantState, Video
from training.batches import withdrawn
from training.batches.fetching import missing, wanted_files
from training.batches.manifest import Manifest, ManifestError, read_manifest
from training.batches.rows import ManifestRow, VariantRow


class CannotImport(Exception):
    """Nothing was imported; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A batch of another site, all of its files at hand."""

    manifest: Manifest
    """Without what was withdrawn since: `fetch_batch` brings none of it."""
    media: Path
    num_withdrawn: int = 0

    def __len__(self) -> int:
        return len(self.manifest.rows)

    def take_in(self) -> Iterator[Result]:
        """Import video after video; of one whose bytes are known nothing but its labels, if it has none."""
        for row in self.manifest.rows:
            yield self._take_in(row)

    def _take_in(self, row: ManifestRow) -> Result:
        known = Video.objects.filter(variants__sha256=row.best_variant.sha256).first()
        lacking = _lacking(row, known)
        if altered := self._altered(lacking):
            return Result(row.video, "refused", error=f"{altered} is altered: its sha256 differs")
        try:
            facts = fit(self._facts(row))
            _refuse_withdrawn(row)
            video = known or import_file(self.media / row.best_variant.name, facts).video
            self._add_encodings(video, lacking)
            settle(video, row.labels)
        except CollectError as exc:
            return Result(row.video, "refused", error=str(exc))
        state: Literal["known", "new"] = "known" if known else "new"
        return Result(row.video, state, video.key, conflict=conflict(video, row.split))

    def _altered(self, variants: Iterable[VariantRow]) -> str:
        """Return the name of the first file whose bytes are not those that were labeled, or nothing."""
        for variant in variants:
            with (self.media / variant.name).open("rb") as file:
                if storage.hash_file(file) != variant.sha256:
                    return variant.name
        return ""

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
            posted_at=moment(row.posted_at or ""),
            metadata=dict(origin),
            split=row.split,
        )

    def _add_encodings(self, video: Video, variants: Iterable[VariantRow]) -> None:
        for variant in variants:
            path = self.media / variant.name
            known, _ = Variant.objects.get_or_create(video=video, url=f"file:{path.name}")
            if known.state != VariantState.STORED:
                store_variant_file(known, path)


def _refuse_withdrawn(row: ManifestRow) -> None:
    """Keep out what was taken back here, be it by its name or with the same bytes."""
    mine = Video.objects.filter(key=row.video, is_withdrawn=True).first()
    if video := mine or taken_back.of_bytes(variant.sha256 for variant in row.variants):
        raise taken_back.withdrawn(video, name=row.video)


def _lacking(row: ManifestRow, known: Video | None) -> list[VariantRow]:
    """Return the encodings to bring in: all, or what an import that was broken off left out.

    A video that came otherwise, from X say, keeps the files it has.
    """
    if known is None:
        return [*row.variants]
    if known.key != f"import:{row.best_variant.sha256}/0":
        return []
    stored = set(known.variants.stored().values_list("sha256", flat=True))
    return [variant for variant in row.variants if variant.sha256 not in stored]


def open_batch(path: Path, media: Path) -> Foreign:
    """Return a batch that can be imported.

    Raises:
        CannotImport: The manifest is missing or altered, or files are not there.
    """
    try:
        manifest, num_withdrawn = withdrawn.taken_out(read_manifest(path), withdrawn.read(media))
    except (ManifestError, ValueError) as exc:
        raise CannotImport(str(exc)) from exc
    lacking = missing(wanted_files(manifest.rows), media)
    if lacking:
        raise CannotImport(
            f"{media / lacking[0].name} is missing ({len(lacking):,} files are). Fetch them first: "
            f"manage.py fetch_batch --manifest URL --into {media}"
        )
    return Foreign(manifest, media, num_withdrawn)
