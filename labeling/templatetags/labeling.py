"""What the labeling screen's templates may use."""

from typing import Any

from django import template

from labeling import aims, answering, controls
from labeling.controls import Control
from labeling.keymap import GROUPS, Action, Key, in_menu
from labeling.models import (
    Annotation,
    Evidence,
    EvidenceKind,
    LabelSet,
    Outcome,
    SkipDestination,
    SkipReason,
    Variant,
)

register = template.Library()

EVIDENCE_MEANINGS = {
    EvidenceKind.AUTHOR: "The post says how it was made. Select the words first, and they are kept.",
    EvidenceKind.WATERMARK: "A generator's mark is in the picture. The time in the clip is kept.",
    EvidenceKind.METADATA: "Content credentials or file data name the tool.",
    EvidenceKind.ACCOUNT: "The account belongs to the generator's maker.",
    EvidenceKind.ARTEFACTS: "Only the picture says so. The time in the clip is kept.",
    EvidenceKind.OTHER: "Something else: say it in the note.",
}


@register.simple_tag
def skip_reasons(keys: dict[str, Key]) -> list[tuple[Control, Key, str]]:
    """Return the reasons to skip, each with its key and where the video goes if nothing else is said."""
    return [
        (reason, keys[in_menu(reason.name)], answering.goes_to(SkipReason(reason.name)).label)
        for reason in controls.SKIP_REASONS
    ]


@register.simple_tag
def skip_destinations(keys: dict[str, Key]) -> list[tuple[SkipDestination, Key]]:
    return [(destination, keys[in_menu(destination)]) for destination in SkipDestination]


@register.simple_tag
def key_groups() -> list[tuple[str, list[Action]]]:
    """Return what keys do beside judging: how an answer is given, and how the clip is moved."""
    return [(group, actions) for group, actions in GROUPS if group in ("Answer", "Clip")]


@register.simple_tag
def evidence_keys() -> list[tuple[Control, str]]:
    return [(control, EVIDENCE_MEANINGS[EvidenceKind(control.name)]) for control in controls.EVIDENCE_TOGGLES]


@register.filter
def answer_in_words(answer: Annotation) -> str:
    """Name an answer in a few words: "VEO, ANIME_2D", "not AI", "skipped: cannot tell"."""
    if answer.outcome == Outcome.SKIPPED:
        return f"skipped: {answer.get_skip_reason_display().lower()}"
    return labels_in_words(answer)


@register.filter
def labels_in_words(said: LabelSet) -> str:
    """Name what an answer or a settlement says: "AI_GEN, VEO", "not AI, ANIME_2D"."""
    labels: list[str] = [*map(str, said.positive_labels())]
    return ", ".join(labels if said.ai_gen else ["not AI", *labels])


@register.filter
def aimed_at(evidence: Evidence) -> str:
    """Name what evidence speaks for where that is less than everything its answer claims."""
    claims = aims.claims(frozenset(evidence.annotation.positive_labels()))
    return "" if set(claims) <= set(evidence.labels) else ", ".join(evidence.labels)


@register.filter
def short_side(variant: Variant) -> str:
    """Return what people call a resolution by: 720 for 1280×720 and for 720×1280."""
    return str(min(variant.width or 0, variant.height or 0))  # nobody says 1,080p


@register.filter
def places_after(answers: list[Any], most: int) -> range:
    """Return the places of a strip of `most` that no answer fills yet."""
    return range(max(0, most - len(answers)))
