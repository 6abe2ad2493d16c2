"""What the labeling screen's templates may use."""

from typing import Any

from django import template

from labeling import controls
from labeling.controls import Control
from labeling.models import Annotation, EvidenceKind, Outcome, Variant

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
def skip_reasons() -> tuple[Control, ...]:
    return controls.SKIP_REASONS


@register.simple_tag
def label_keys() -> dict[str, str]:
    return {name: control.key.upper() for name, control in controls.CONTROLS.items()}


@register.simple_tag
def evidence_keys() -> list[tuple[Control, str]]:
    return [(control, EVIDENCE_MEANINGS[EvidenceKind(control.name)]) for control in controls.EVIDENCE_TOGGLES]


@register.filter
def answer_in_words(answer: Annotation) -> str:
    """Name an answer in a few words: "VEO, ANIME_2D", "not AI", "skipped: cannot tell"."""
    if answer.outcome == Outcome.SKIPPED:
        return f"skipped: {answer.get_skip_reason_display().lower()}"
    labels: list[str] = [*map(str, answer.positive_labels())]
    return ", ".join(labels if answer.ai_gen else ["not AI", *labels])


@register.filter
def short_side(variant: Variant) -> int:
    """Return what people call a resolution by: 720 for 1280×720 and for 720×1280."""
    return min(variant.width or 0, variant.height or 0)


@register.filter
def places_after(answers: list[Any], most: int) -> range:
    """Return the places of a strip of `most` that no answer fills yet."""
    return range(max(0, most - len(answers)))
