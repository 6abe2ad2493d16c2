"""What a reason shows: everything that is claimed, unless a person aims it at less.

A reason always speaks for AI_GEN, because what shows a generator shows AI_GEN too. So its aim is which of the
generators it shows. An aim travels in the form as words: nothing is everything, "AI_GEN" no generator,
"AI_GEN KLING" that one. static/js/ties.js writes them; `toggled` does for a browser without scripts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cakelens.labels import GENERATORS, Label
from labeling.controls import EVIDENCE_TOGGLES, Control
from labeling.models import Evidence, EvidenceKind

AIMABLE = (Label.AI_GEN, *GENERATORS)

Aims = Mapping[str, frozenset[str]]
"""By kind of evidence, what it is aimed at; a kind that is missing shows everything."""


@dataclass(frozen=True, slots=True)
class Chip:
    label: Label
    is_on: bool


@dataclass(frozen=True, slots=True)
class Tie:
    """One reason beside the generators that are on: those it shows, and those it does not."""

    control: Control
    is_on: bool
    aim: str
    chips: list[Chip]


def claims(on: frozenset[str]) -> list[Label]:
    """Return what needs evidence among the pressed buttons."""
    return [label for label in AIMABLE if label in on]


def shown(on: frozenset[str], aim: frozenset[str] | None) -> list[Label]:
    """Return what a reason with this aim speaks for. On a clip that is not AI, for that."""
    narrowed = [label for label in claims(on) if not aim or label in aim]
    return narrowed or [Label.AI_GEN]


def toggled(on: frozenset[str], aims: Aims, kind: str, label: str) -> Aims:
    """Return the aims after one press of `label` in the line of `kind`."""
    pressed = frozenset(shown(on, aims.get(kind))) ^ {label}
    return {**aims, kind: frozenset() if pressed == frozenset(claims(on)) else pressed | {Label.AI_GEN}}


def ties(on: frozenset[str], aims: Aims) -> list[Tie]:
    """Return a line for every kind of evidence, with a chip for each generator that is on."""
    generators = [label for label in claims(on) if label != Label.AI_GEN]
    return [
        Tie(
            control,
            control.name in on,
            " ".join(sorted(aims.get(control.name, ()))),
            [Chip(label, label in shown(on, aims.get(control.name))) for label in generators],
        )
        for control in EVIDENCE_TOGGLES
    ]


def proofs(on: frozenset[str], aims: Aims) -> dict[str, list[str]]:
    """Return the kinds of evidence that show each claim."""
    kinds = [each.name for each in EVIDENCE_TOGGLES if each.name in on]
    return {label: [kind for kind in kinds if label in shown(on, aims.get(kind))] for label in claims(on)}


def aims_of(on: frozenset[str], evidence: Iterable[Evidence]) -> Aims:
    """Return the aims that an answer with this evidence was given with."""
    named: dict[str, frozenset[str]] = {}
    for item in evidence:
        named[item.kind] = named.get(item.kind, frozenset({Label.AI_GEN})) | frozenset(item.labels)
    return {kind: labels for kind, labels in named.items() if not frozenset(claims(on)) <= labels}


def names_of_aims() -> list[str]:
    """Return what a press in a line is called without scripts: "artefacts KLING"."""
    return [f"{kind} {label}" for kind in EvidenceKind.values for label in GENERATORS]
