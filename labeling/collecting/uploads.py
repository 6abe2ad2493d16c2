"""A CSV that is uploaded: a link to a post, or the name of an imported clip, and what it is said to be.

The columns are those of `labels_csv`, with `url` or `file`, and beside them `evidence` (kinds, parted by
`;`), `quote` and `at` (seconds). Names of columns may be written in any case.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.formats import number_format

from cakelens.labels import GENERATORS, Label
from labeling.collecting import labels_csv
from labeling.collecting.facts import ClipFacts
from labeling.collecting.labels_csv import BadCsv
from labeling.models import EvidenceKind

KNOWN = {"url", "evidence", "quote", "at", *labels_csv.FACTS}
MOST_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `error` says why it is of no use. `at` the line where it ends in the file."""

    at: int
    name: str
    url: str = ""
    file: str = ""
    labels: Mapping[Label, bool | None] = field(default_factory=dict)
    evidence: list[dict[str, Any]] = field(default_factory=list)
    facts: ClipFacts = field(default_factory=ClipFacts)
    error: str = ""


def read(content: bytes) -> list[Row]:
    """Return every row, good or bad.

    Raises:
        BadCsv: Nothing can be made of the file: not UTF-8, a header without `url` and `file`, a `label:`
            that is none, no row, or too many.
    """
    reader = _reader(_text(content))
    header = reader.fieldnames or []
    if not {"url", "file"} & set(header):
        told = ", ".join(header)[:300] or "none"
        raise BadCsv(f"There is no column `url` and none called `file`; the columns are: {told}.")
    rows = list(_rows(reader, labels_csv.label_columns("Line 1", header)))
    if not rows:
        raise BadCsv("There is no row under the header.")
    return rows


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = content[: exc.start].count(b"\n") + 1
        raise BadCsv(f"Line {line} is not UTF-8 (byte {exc.start}). Save the file as UTF-8.") from exc


def _reader(text: str) -> "csv.DictReader[str]":
    head = text.partition("\n")[0]
    delimiter = ";" if ";" in head and "," not in head else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        reader.fieldnames = [_column(name) for name in reader.fieldnames or []]
    except csv.Error as exc:
        raise BadCsv(f"Line 1 is no line of a CSV: {exc}.") from exc
    return reader


def _column(name: str) -> str:
    name = name.strip()
    return name.lower() if name.lower() in KNOWN else name


def _rows(reader: "csv.DictReader[str]", columns: Mapping[str, Label]) -> Iterator[Row]:
    seen: set[str] = set()
    try:
        for row in reader:
            found = _row(reader.line_num, row, columns, seen)
            seen.add(found.name)
            yield found
            if len(seen) > MOST_ROWS:
                raise BadCsv(f"At most {number_format(MOST_ROWS)} rows at once. Cut the file in pieces.")
    except csv.Error as exc:
        raise BadCsv(f"Line {reader.line_num} is no line of a CSV: {exc}.") from exc


def _row(at: int, row: Mapping[str, str | None], columns: Mapping[str, Label], seen: set[str]) -> Row:
    url, file = ((row.get(name) or "").strip() for name in ("url", "file"))
    name = url or file
    try:
        _check_name(url, file, seen)
        clip = labels_csv.read_clip(f"Line {at}", row, columns)
        return Row(at, name, url, file, clip.labels, _evidence(row, clip.labels), _facts(row, clip))
    except BadCsv as exc:
        return Row(at, name, error=str(exc).removeprefix(f"Line {at}: ").removeprefix(f"Line {at} "))


def _check_name(url: str, file: str, seen: set[str]) -> None:
    if bool(url) == bool(file):
        raise BadCsv("Give either a url or a file." if url else "There is neither a url nor a file.")
    if (url or file) in seen:
        raise BadCsv("It is there twice. Keep one row.")


def _facts(row: Mapping[str, str | None], clip: labels_csv.Clip) -> ClipFacts:
    """Leave what X says itself to X: of a post, what the CSV says of author, text and date is kept beside."""
    told = {name: row.get(name) or "" for name in ("author", "text", "posted_at")}
    own = {key: value for key, value in clip.facts.metadata.items() if key not in KNOWN}
    return ClipFacts(metadata={key: value for key, value in {**told, **own}.items() if value})


def _evidence(row: Mapping[str, str | None], labels: Mapping[Label, bool | None]) -> list[dict[str, Any]]:
    kinds = [kind.strip().lower() for kind in (row.get("evidence") or "").split(";") if kind.strip()]
    if unknown := [kind for kind in kinds if kind not in EvidenceKind.values]:
        raise BadCsv(f"{unknown[0]} is no kind of evidence. Kinds are: {', '.join(EvidenceKind.values)}.")
    supported = [str(label) for label in (Label.AI_GEN, *GENERATORS) if labels.get(label)]
    quote, at = (row.get("quote") or "").strip()[:1000], _seconds(row.get("at") or "")
    return [
        {
            "labels": supported or [str(Label.AI_GEN)],
            "kind": kind,
            "quote": quote if kind == EvidenceKind.AUTHOR else "",
            "at_seconds": at,
        }
        for kind in dict.fromkeys(kinds)
    ]


def _seconds(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < 10**6:
        raise BadCsv(f"at is {text!r}. Write seconds, such as 3.5.")
    return seconds
