"""A CSV that says what clips are: `file`, labels, and whatever else is known.

A column named like a label, in any case, or `label:NAME`, is that label; `file`, `author`, `text`,
`posted_at` and `split` are what they say; every other column is kept as metadata.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cakelens.labels import GENERATORS, V5_LABELS, Label
from labeling.collecting.errors import BadFacts
from labeling.collecting.facts import ClipFacts, fit, moment

YES = {"1", "true", "yes", "y", "t"}
NO = {"0", "false", "no", "n", "f"}
FACTS = {"file", "author", "text", "posted_at", "split"}
SPLITS = {
    "": "",
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}


class BadCsv(Exception):
    """The CSV, or a row of it, breaks a rule; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One row of the CSV; `error` says why it is of no use."""

    file: str
    labels: dict[Label, bool | None]
    facts: ClipFacts
    error: str = ""


def read(path: Path) -> dict[str, Clip]:
    """Return every row by its file's name, good or bad; one that has none by its line.

    Raises:
        BadCsv: Nothing can be made of it: not UTF-8, no `file` column, an unknown `label:` column, a column
            that is there twice.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return _by_file(path, csv.DictReader(file))
    except UnicodeDecodeError as exc:
        raise BadCsv(f"{path} is not UTF-8 (byte {exc.start}). Save it as UTF-8 and run this again.") from exc
    except csv.Error as exc:
        raise BadCsv(f"{path} is no CSV: {exc}.") from exc
    except OSError as exc:
        raise BadCsv(f"{path}: {exc.strerror}.") from exc


def _by_file(path: Path, reader: "csv.DictReader[str]") -> dict[str, Clip]:
    header = reader.fieldnames or []
    if "file" not in header:
        raise BadCsv(f"{path} has no column `file`; its columns are: {', '.join(header) or 'none'}.")
    columns = label_columns(path, header)
    clips: dict[str, Clip] = {}
    for row in reader:
        line = reader.line_num
        clip = _clip(f"{path} line {line}", line, row, columns)
        if clip.file in clips:
            clip = _refused(clip.file, f"{path} line {line}: {clip.file} is there twice. Keep one row.")
        clips[clip.file] = clip
    return clips


def _clip(where: str, line: int, row: Mapping[str, str | None], columns: Mapping[str, Label]) -> Clip:
    file = (row.get("file") or "").strip() or f"line {line}"
    try:
        clip = read_clip(where, row, columns)
        fit(clip.facts)
    except BadCsv as exc:
        return _refused(file, str(exc))
    except BadFacts as exc:
        return _refused(file, f"{where}: {exc.message}")
    return clip if clip.file else _refused(file, f"{where} names no file.")


def _refused(file: str, error: str) -> Clip:
    return Clip(file, {}, ClipFacts(), error)


def label_columns(where: object, header: Sequence[str]) -> dict[str, Label]:
    """Return which columns are labels, and which.

    Raises:
        BadCsv: A column says that it is a label and is none; or is there twice, of which one would count.
    """
    columns = dict(_label_columns(where, header))
    seen: dict[str, str] = {}
    for column in header:
        name = str(columns.get(column, column.strip()))
        if name and name in seen:
            raise BadCsv(f"{where}: columns {seen[name]} and {column} are the same. Keep one.")
        seen[name] = column
    return columns


def _label_columns(where: object, header: Sequence[str]) -> Iterator[tuple[str, Label]]:
    for column in header:
        name = column.strip().upper()
        wanted = name.removeprefix("LABEL:").strip()
        if wanted in V5_LABELS:
            yield column, Label(wanted)
        elif name.startswith("LABEL:"):
            raise BadCsv(f"{where}: column {column} is not a label. Labels are: {', '.join(V5_LABELS)}.")


def read_clip(where: str, row: Mapping[str, str | None], columns: Mapping[str, Label]) -> Clip:
    """Return what one row says.

    Raises:
        BadCsv: A value is not what its column wants; the message begins with `where`.
    """
    if None in row:
        raise BadCsv(f"{where} has more values than there are columns. Quote values that hold a comma.")
    _refuse_nul(where, row)
    labels = {label: _truth(where, column, row[column] or "") for column, label in columns.items()}
    _imply_ai_gen(where, labels)
    rest = {key: value or "" for key, value in row.items() if key not in columns and key not in FACTS}
    return Clip(
        file=(row.get("file") or "").strip(),
        labels=labels,
        facts=ClipFacts(
            author_handle=(row.get("author") or "").removeprefix("@"),
            text=row.get("text") or "",
            posted_at=_moment(where, row.get("posted_at") or ""),
            metadata=rest,
            split=_split(where, row.get("split") or ""),
        ),
    )


def _refuse_nul(where: str, row: Mapping[str, str | None]) -> None:
    for column, value in row.items():
        if "\0" in f"{column}{value}":
            raise BadCsv(f"{where}: {column!r} holds a NUL character, which is no text. Take it out.")


def _imply_ai_gen(where: str, labels: dict[Label, bool | None]) -> None:
    """Let a generator say that a clip is AI-generated, unless the row says it is not."""
    named = [label for label in GENERATORS if labels.get(label)]
    if named and labels.get(Label.AI_GEN) is False:
        raise BadCsv(f"{where}: {', '.join(named)} makes the video AI-generated, and AI_GEN says no.")
    if named:
        labels[Label.AI_GEN] = True


def _truth(where: str, column: str, value: str) -> bool | None:
    """Read a yes, a no, or nothing (not judged)."""
    word = value.strip().lower()
    if word in YES:
        return True
    if word in NO:
        return False
    if not word:
        return None
    raise BadCsv(f"{where}: {column} is {value!r}. Write 1 or 0, or leave it empty if it was not judged.")


def _split(where: str, value: str) -> str:
    """Read which side of its dataset a clip is on, by the names that datasets have for them."""
    try:
        return SPLITS[value.strip().lower()]
    except KeyError as exc:
        raise BadCsv(f"{where}: split is {value!r}. Write train, validation or test, or nothing.") from exc


def _moment(where: str, value: str) -> datetime | None:
    try:
        return moment(value)
    except BadFacts as exc:
        raise BadCsv(f"{where}: {exc.message}") from exc
