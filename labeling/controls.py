"""What can be pressed on the labeling screen: names, keys, and what one press does to the others.

The table is drawn into the page, and static/js/answer.js follows it there; `press` follows it for a
browser without scripts. So the rules stand once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cakelens.labels import GENERATORS, STYLES, V5_LABELS, Label
from labeling.models import EvidenceKind, LabelSet, SkipReason

NOT_AI = "NOT_AI"
UNKNOWN = "UNKNOWN"
TAKE = "TAKE"
"""Not a state: press everything that is suggested."""


@dataclass(frozen=True, slots=True)
class Control:
    """One button. Turning it on turns on `sets` and off `clears`; one that `stays` stays on."""

    name: str
    word: str
    key: str
    sets: tuple[str, ...] = ()
    clears: tuple[str, ...] = ()
    stays: bool = False


def _verdicts() -> tuple[Control, ...]:
    yes = Control(Label.AI_GEN, Label.AI_GEN, "y", sets=(UNKNOWN,), clears=(NOT_AI,), stays=True)
    no = Control(NOT_AI, "not AI", "n", clears=(Label.AI_GEN, UNKNOWN, *GENERATORS), stays=True)
    return yes, no


def _toggles(names: Iterable[str], words: Iterable[str], keys: str) -> tuple[Control, ...]:
    return tuple(Control(*each) for each in zip(names, words, keys, strict=True))


VERDICTS = _verdicts()
UNKNOWN_GENERATOR = Control(
    UNKNOWN, "unknown", "u", sets=(Label.AI_GEN,), clears=(NOT_AI, *GENERATORS), stays=True
)
GENERATOR_TOGGLES = tuple(
    Control(label, label, key, sets=(Label.AI_GEN,), clears=(NOT_AI, UNKNOWN))
    for label, key in zip(GENERATORS, "1234567890qwe", strict=True)
)
STYLE_TOGGLES = _toggles(STYLES, STYLES, "asd")
EVIDENCE_WORDS = {
    EvidenceKind.AUTHOR: "author says",
    EvidenceKind.WATERMARK: "watermark",
    EvidenceKind.METADATA: "metadata",
    EvidenceKind.ACCOUNT: "own account",
    EvidenceKind.ARTEFACTS: "artefacts",
    EvidenceKind.OTHER: "other",
}
EVIDENCE_TOGGLES = _toggles(EVIDENCE_WORDS, EVIDENCE_WORDS.values(), "zxcvbm")
SKIP_REASONS = _toggles(SkipReason.values, SkipReason.labels, "12345")

CONTROLS = {
    control.name: control
    for control in (*VERDICTS, UNKNOWN_GENERATOR, *GENERATOR_TOGGLES, *STYLE_TOGGLES, *EVIDENCE_TOGGLES)
}


def press(on: frozenset[str], name: str) -> frozenset[str]:
    """Return what is on after one press of `name`."""
    control = CONTROLS[name]
    if name in on:
        return on if control.stays else on - {name}
    return (on - set(control.clears)) | {name, *control.sets}


def press_all(on: frozenset[str], names: Iterable[str]) -> frozenset[str]:
    """Turn on each of `names` that is off."""
    for name in names:
        on = on if name in on else press(on, name)
    return on


def judged(on: frozenset[str]) -> dict[Label, bool | None]:
    """Return the 17 judgements that these buttons say.

    A person who judges AI_GEN has seen the clip, so a style left off is off. A generator left off is off
    if the video is not AI or another generator is on; otherwise nobody knows, and it stays null.
    """
    if not on & {Label.AI_GEN, NOT_AI}:
        return dict.fromkeys(V5_LABELS)
    is_known = NOT_AI in on or bool(on & set(GENERATORS))
    return {label: (label in on if is_known or label not in GENERATORS else None) for label in V5_LABELS}


def pressed_for(answer: LabelSet, evidence: Iterable[str] = ()) -> frozenset[str]:
    """Return the buttons that say `answer`: what stands there when a person goes back to it."""
    labels: Mapping[Label, bool | None] = answer.labels()
    on = {str(label) for label, value in labels.items() if value} | set(evidence)
    if labels[Label.AI_GEN] is False:
        on.add(NOT_AI)
    elif labels[Label.AI_GEN] and not on & set(GENERATORS):
        on.add(UNKNOWN)
    return frozenset(on)
