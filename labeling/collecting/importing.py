"""Importing a folder of clips, with a CSV that says what they are."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from cakelens.labels import Label
from labeling import settling
from labeling.collecting import labels_csv
from labeling.collecting.errors import CollectError
from labeling.collecting.facts import ClipFacts
from labeling.collecting.importer import import_file
from labeling.models import SettlementMethod, Video

SUFFIXES = {".mp4", ".mov", ".m4v", ".mkv", ".webm"}


class NothingToImport(Exception):
    """The folder is not there or holds no clip, or no row of the CSV is of use."""


@dataclass(frozen=True, slots=True)
class Item:
    """One file to import, and what is said of it; `error` says why it is refused.

    `row`: how the CSV calls what it names and is no file to import.
    """

    path: Path
    labels: dict[Label, bool | None]
    facts: ClipFacts
    error: str = ""
    row: str = ""

    @property
    def name(self) -> str:
        """What it is called, fit to be printed: names of files need not be UTF-8."""
        return self.row or self.path.name.encode(errors="replace").decode()


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

    Rows that are of no use are in the list, each with its error. Each post remembers the `dataset` it comes
    from, if that has a name.

    Raises:
        BadCsv: Nothing can be made of the CSV.
        NothingToImport: No such folder, no clip in it, or no row of the CSV is of use: it is another one's.
    """
    if not folder.is_dir():
        raise NothingToImport(f"{folder} is not a folder.")
    clips = labels_csv.read(labels) if labels else {}
    items = list(_items(folder, clips, {"dataset": dataset} if dataset else {}))
    if not items:
        raise NothingToImport(f"{folder} holds no video file ({', '.join(sorted(SUFFIXES))}).")
    known = {item.path.name for item in items}
    left = [_left_out(clip, folder, labels) for clip in clips.values() if clip.file not in known]
    wrong = [item.error for item in (*left, *items) if item.error and item.name in clips]
    if clips and len(wrong) == len(clips):
        raise NothingToImport(f"No row of {labels} is of use. {wrong[0]}")
    return [*items, *left]


def _items(folder: Path, clips: Mapping[str, labels_csv.Clip], origin: dict[str, str]) -> Iterator[Item]:
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            clip = clips.get(path.name) or labels_csv.Clip(path.name, {}, ClipFacts())
            facts = replace(clip.facts, metadata=clip.facts.metadata | origin)
            yield Item(path, clip.labels, facts, clip.error or _wrong_name(path))


def _wrong_name(path: Path) -> str:
    try:
        path.name.encode()
    except UnicodeEncodeError:
        return "Its name is not UTF-8. Rename it, then import it again."
    return ""


def _left_out(clip: labels_csv.Clip, folder: Path, labels: Path | None) -> Item:
    """Say of a row why there is no file to import."""
    error = clip.error or f"{labels} names {clip.file}, which {_why_not(folder, clip.file)}"
    return Item(folder / clip.file, {}, clip.facts, error, row=clip.file)


def _why_not(folder: Path, file: str) -> str:
    if not (folder / file).is_file():
        return f"is not in {folder}."
    if Path(file).suffix.lower() not in SUFFIXES:
        return f"is not called like a video ({', '.join(sorted(SUFFIXES))})."
    return f"is not in {folder} itself. Name it as it is called there, or import its own folder."


def take_in(item: Item) -> Result:
    """Import one file and let the labels it brings count; what is of no use is refused."""
    if item.error:
        return Result(item.name, "refused", error=item.error)
    try:
        imported = import_file(item.path, item.facts)
        settle(imported.video, item.labels)
    except CollectError as exc:
        return Result(item.name, "refused", error=str(exc))
    return Result(
        item.name,
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
