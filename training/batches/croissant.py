"""A batch described in Croissant, the metadata for datasets that search engines and loaders read (JSON-LD).

Source: https://docs.mlcommons.org/croissant/docs/croissant-spec.html, version 1.0. Pure values.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cakelens.labels import V5_LABELS
from training.batches import clips_csv

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
TEXT, YES_NO, WHOLE, NUMBER = "sc:Text", "sc:Boolean", "sc:Integer", "sc:Float"
VIDEOS: dict[str, str] = {
    **dict.fromkeys(("video", "post", "split", "group", "author", "posted_at", "method", "kind"), TEXT),
    **dict.fromkeys((label.value for label in V5_LABELS), YES_NO),
}
CLIPS: dict[str, str] = {
    **dict.fromkeys(clips_csv.HEADER, TEXT),
    **dict.fromkeys(("width", "height", "num_frames", "bit_rate_bps", "num_bytes"), WHOLE),
    **dict.fromkeys(("fps", "duration_seconds"), NUMBER),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the batch beside its media."""

    name: str
    sha256: str
    num_bytes: int
    encoding: str


def describe(
    *, slug: str, digest: str, num_videos: int, exported_at: str, manifest: Part, clips: Part
) -> dict[str, Any]:
    """Give the description of a batch and of its two tables."""
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": f"cakelens-{slug}",
        "description": (
            f"{num_videos:,} labeled videos for detecting AI-generated video: 17 labels each, null where one "
            "was not judged, with the hash of every encoding. Splits hold no footage in common. "
            f"Identity: sha256 of the canonical rows, {digest}."
        ),
        "version": _version(slug),
        "identifier": digest,
        "url": f"urn:sha256:{digest}",
        "license": "https://choosealicense.com/no-permission/",
        "datePublished": exported_at,
        "citeAs": f"CakeLens batch {slug}, sha256 {digest}",
        "isLiveDataset": False,
        "distribution": [_file(manifest), _file(clips)],
        "recordSet": [_records("videos", manifest, VIDEOS), _records("clips", clips, CLIPS)],
    }


def _version(slug: str) -> str:
    """Give the slug as the three numbers that the format wants, where it is a version."""
    numbers = slug.removeprefix("v").split(".")
    return ".".join([*numbers, "0", "0"][:3]) if all(part.isdigit() for part in numbers) else "1.0.0"


def _file(part: Part) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": part.name,
        "name": part.name,
        "contentUrl": part.name,
        "contentSize": f"{part.num_bytes} B",
        "encodingFormat": part.encoding,
        "sha256": part.sha256,
    }


def _records(name: str, part: Part, columns: dict[str, str]) -> dict[str, Any]:
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "field": [*_fields(name, part, columns)]}


def _fields(name: str, part: Part, columns: dict[str, str]) -> Iterable[dict[str, Any]]:
    for column, kind in columns.items():
        yield {
            "@type": "cr:Field",
            "@id": f"{name}/{column}",
            "name": f"{name}/{column}",
            "dataType": kind,
            "source": {"fileObject": {"@id": part.name}, "extract": {"column": column}},
        }
