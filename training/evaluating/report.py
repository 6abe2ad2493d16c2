"""An evaluation as a page of Markdown, for people who read files. Pure text from plain JSON."""

from collections.abc import Iterable, Mapping
from typing import Any

Json = Mapping[str, Any]


def markdown(model: str, batch: str, evaluation: Json) -> str:
    """Write what was measured, the metadata-only baseline beside every score."""
    test = evaluation["test"]
    parts = [
        f"# {model} on the test split of {batch}",
        f"{test['num_videos']} videos, {test['num_groups']} groups,"
        f" {evaluation['framesets']} framesets of each. Intervals are 95% bootstrap over groups. **Read each"
        " AUC beside what metadata alone reaches.**",
        "## Labels",
        _table(_LABEL_HEAD, map(_label_row, _measured(test["labels"]))),
        _unmeasured(test["labels"]),
        "## Parts of the test split, AI_GEN",
        _table(_SLICE_HEAD, map(_slice_row, test["slices"])),
    ]
    if ladder := evaluation.get("ladder"):
        parts += ["## Encoded once more", _table(_RUNG_HEAD, map(_rung_row, ladder))]
    if paired := evaluation.get("paired"):
        parts += [
            "## Beside other models, same videos",
            _table(_PAIR_HEAD, (_pair_row(name, pair) for name, pair in paired.items())),
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


_LABEL_HEAD = (
    "label", "with", "without", "AUC", "metadata alone", "AP", "precision at 0.5", "recall at 0.5",
    "threshold", "precision there", "recall there", "found at 1% false alarms", "at 0.1%",
    "calibration error",
)  # fmt: skip
_SLICE_HEAD = ("part", "with", "without", "AUC", "metadata alone", "recall", "false alarms")
_RUNG_HEAD = ("x264 quality", "videos", "AUC of AI_GEN")
_PAIR_HEAD = ("other", "videos", "AUC difference", "only this right", "only the other right", "McNemar p")


def score(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def with_interval(value: float | None, interval: Any) -> str:
    return score(value) if not interval else f"{score(value)} ({interval[0]:.2f} to {interval[1]:.2f})"


def _measured(labels: Json) -> Iterable[tuple[str, Json]]:
    return ((name, numbers) for name, numbers in labels.items() if numbers["reason"] is None)


def _unmeasured(labels: Json) -> str:
    reasons = [f"{name} ({numbers['reason']})" for name, numbers in labels.items() if numbers["reason"]]
    return f"Not measured: {', '.join(reasons)}." if reasons else ""


def _label_row(item: tuple[str, Json]) -> list[str]:
    name, numbers = item
    half, chosen = numbers["at_half"], numbers["at_chosen"] or {}
    return [
        name,
        str(numbers["positives"]),
        str(numbers["negatives"]),
        with_interval(numbers["auc"], numbers["auc_interval"]),
        with_interval(numbers.get("baseline_auc"), numbers.get("baseline_auc_interval")),
        with_interval(numbers["ap"], numbers["ap_interval"]),
        *(score(half[name]) for name in ("precision", "recall")),
        *(score(chosen.get(name)) for name in ("threshold", "precision", "recall")),
        *(score(found) for found in numbers["tpr_at_fpr"].values()),
        score(numbers["calibration_error"]),
    ]


def _slice_row(part: Json) -> list[str]:
    return [
        f"{part['kind']}: {part['name']}",
        str(part["positives"]),
        str(part["negatives"]),
        part["reason"] or with_interval(part["auc"], part["auc_interval"]),
        score(part["baseline_auc"]),
        score(part["recall"]),
        score(part["false_alarms"]),
    ]


def _rung_row(rung: Json) -> list[str]:
    return [
        str(rung["quality"]),
        str(rung["num_videos"]),
        with_interval(rung["auc"], rung["auc_interval"]),
    ]


def _pair_row(name: str, pair: Json) -> list[str]:
    return [
        name,
        str(pair["num_videos"]),
        with_interval(pair["auc_difference"], pair["auc_difference_interval"]),
        str(pair["only_ours_right"]),
        str(pair["only_theirs_right"]),
        score(pair["mcnemar_p"]),
    ]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
