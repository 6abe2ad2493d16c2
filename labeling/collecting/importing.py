"""Importing a folder of clips, with a CSV that says what they are."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from cakelens.labels import Label
from labeling import settling
from labeling.collecting import labels_csv
from labeling.collecting.errors import CollectError
from labeling.collecting.importer import ClipFacts, import_file
from labeling.models import SettlementMethod, Video

SUFFIXES = {".mp4", ".mov", ".m4v", ".mkv", ".webm"}


class NothingToImport(Exception):
    """The folder, or the files the CSV names, are not there."""


@dataclass(frozen=True, slots=True)
class Item:
    """One file to import, and what is said of it."""

    path: Path
    labels: dict[Label, bool | None]
    facts: ClipFacts


@dataclass(frozen=True, slots=True)
class Result:
    """How one file fared."""

    file: str
    state: Literal["new", "known", "refused"]
    video: str = ""
    error: str = ""
    conflict: str = ""
    """Why the dataset's split does not count here."""

    def to_dict(self) -> dict[str, str]:
        return asdict(self)


def plan(folder: Path, labels: Path | None = None, *, dataset: str = "") -> list[Item]:
    """List what to import: every clip in `folder`, with its row of the CSV if there is one.

    Each post remembers the `dataset` it comes from, if that has a name.

    Raises:
        BadCsv: The CSV breaks a rule.
        NothingToImport: No such folder, no clip in it, or a file of the CSV is missing.
    """
    if not folder.is_dir():
        raise NothingToImport(f"{folder} is not a folder.")
    clips = labels_csv.read(labels) if labels else {}
    if missing := [name for name in clips if not (folder / name).is_file()]:
        raise NothingToImport(
            f"{labels} names {missing[0]}, which is not in {folder} ({len(missing)} missing)."
        )
    items = list(_items(folder, clips, {"dataset": dataset} if dataset else {}))
    if not items:
        raise NothingToImport(f"{folder} holds no video file ({', '.join(sorted(SUFFIXES))}).")
    return items


def _items(folder: Path, clips: dict[str, labels_csv.Clip], origin: dict[str, str]) -> Iterator[Item]:
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            clip = clips.get(path.name)
            facts = clip.facts if clip else ClipFacts()
            facts = replace(facts, metadata=facts.metadata | origin)
            yield Item(path, clip.labels if clip else {}, facts)


def take_in(item: Item) -> Result:
    """Import one file and let the labels it brings count; a file that is no video is refused."""
    try:
        imported = import_file(item.path, item.facts)
        settle(imported.video, item.labels)
    except CollectError as exc:
        return Result(item.path.name, "refused", error=str(exc))
    return Result(
        item.path.name,
        "new" if imported.is_new else "known",
        imported.video.key,
        conflict=conflict(imported.video, item.facts.split),
    )


def conflict(video: Video, own_split: str) -> str:
    """Say that a dataset has a video on another side than it is here; nothing where it has not.

    Bytes that were here before stay as they are: there is no copy to keep out, and whoever brings a dataset
    must not be able to take our videos out of batches.
    """
    video.refresh_from_db()
    if not own_split or video.split in (own_split, None):
        return ""
    if video.quarantine:
        return f"Quarantined. {video.quarantine}"
    return f"Its dataset has it in {own_split}; the same bytes were in {video.split} here already, and stay."


def conflicts_in_words(results: Iterable[Result]) -> str:
    """Sum up the conflicts for the end of an import; nothing where there is none."""
    number = sum(bool(result.conflict) for result in results)
    if not number:
        return ""
    return (
        f"On another side of the split here than in their dataset: {number:,} videos; see above. Beware of "
        "scores on that dataset's own test set: models of this site may learn from these."
    )


def settle(video: Video, labels: Mapping[Label, bool | None]) -> None:
    """Let imported labels count, unless people or an earlier import have spoken."""
    video = Video.objects.get(pk=video.pk)
    if labels.get(Label.AI_GEN) is not None and video.settlement_id is None:
        settling.record(video, labels, SettlementMethod.IMPORTED)
