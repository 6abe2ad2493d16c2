"""Which videos train, which choose and which measure, also where one generator is held out."""

from training.batches.manifest import Manifest
from training.batches.rows import SPLITS, ManifestRow


def split_rows(manifest: Manifest, hold_out: str | None) -> dict[str, list[ManifestRow]]:
    """Give the rows of each split; with `hold_out` no video of that generator is trained on or chosen by.

    The test split stays as it is: there the model meets the generator for the first time.
    """
    rows = {split: manifest.of_split(split) for split in SPLITS}
    if hold_out is None:
        return rows
    return {split: found if split == "test" else _without(found, hold_out) for split, found in rows.items()}


def _without(rows: list[ManifestRow], generator: str) -> list[ManifestRow]:
    return [row for row in rows if not any(on and label == generator for label, on in row.labels.items())]
