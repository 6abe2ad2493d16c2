"""What the labeling screen draws for one claimed video."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from django.http import HttpRequest
from django.utils.safestring import SafeString

from cakelens.labels import GENERATORS, V5_LABELS, Label
from labeling import aims, controls, reclaiming, timeline, twins
from labeling.aims import Aims, Tie
from labeling.controls import Control
from labeling.mentions import marked
from labeling.models import Annotation, Guideline, LabelDefinition, Outcome, Slot, Variant, Video
from labeling.suggesting import Shown, suggestions_for

TAKEN_FROM = 0.5
"""From this probability on a suggestion is a ghost, and one key takes it."""
SHOWN_FROM = 0.2
PROVENANCE = ("source", "title", "caption", "license")
"""Columns of an import that say where a clip comes from; the others are technical."""

Stage = tuple[int, int] | None
"""Pixels there are for the clip; None: not known yet."""


@dataclass(frozen=True, slots=True)
class Button:
    control: Control
    is_on: bool
    share: float | None = None
    is_ghost: bool = False
    proofs: list[str] | None = None
    """The kinds of evidence that show it, once there is some; None where none is needed."""


@dataclass(frozen=True)
class Screen:
    """One clip on the stage: what is on, and what the model says if it may be said."""

    slot: Slot
    on: frozenset[str] = frozenset()
    note: str = ""
    shown: Shown | None = None
    stage: Stage = None
    at: dict[str, float] = field(default_factory=dict)
    question: str = ""
    aims: Aims = field(default_factory=dict)

    @cached_property
    def variant(self) -> Variant | None:
        return suiting(stored(self.slot), self.stage)

    @cached_property
    def timeline(self) -> timeline.Timeline | None:
        if self.shown is None:
            return None
        return timeline.timeline_of(self.shown.prediction, stored(self.slot))

    @cached_property
    def shares(self) -> dict[str, float]:
        """How likely the model says each button is; nothing where the video is blind."""
        if self.shown is None:
            return {}
        shares = {str(each.label): each.probability for each in self.shown.suggestions}
        return {**shares, controls.NOT_AI: 1 - shares[Label.AI_GEN]}

    @cached_property
    def ghosts(self) -> frozenset[str]:
        """What one key takes: every button the model holds likelier than not, in itself consistent."""
        likely = {name for name, share in self.shares.items() if share >= TAKEN_FROM}
        if Label.AI_GEN in likely:
            return frozenset(likely - {controls.NOT_AI})
        return frozenset(likely - set(GENERATORS))

    @property
    def ghosts_in_order(self) -> list[str]:
        return [name for name in controls.CONTROLS if name in self.ghosts]

    def with_on(self, on: frozenset[str], aims: Aims) -> "Screen":
        return replace(self, on=on, aims=aims)

    @property
    def ai_gen_share(self) -> float | None:
        return self.shares.get(Label.AI_GEN)

    def _buttons(self, controls: Iterable[Control]) -> list[Button]:
        return [
            Button(
                each,
                each.name in self.on,
                self._told(each.name),
                each.name in self.ghosts,
                self._proofs.get(each.name),
            )
            for each in controls
        ]

    @cached_property
    def _proofs(self) -> dict[str, list[str]]:
        proofs = aims.proofs(self.on, self.aims)
        return proofs if any(proofs.values()) else {}

    def _told(self, name: str) -> float | None:
        share = self.shares.get(name)
        return share if share is not None and share >= SHOWN_FROM else None

    @property
    def verdicts(self) -> list[Button]:
        return self._buttons(controls.VERDICTS)

    @property
    def unknown(self) -> Button:
        return self._buttons([controls.UNKNOWN_GENERATOR])[0]

    @property
    def generators(self) -> list[Button]:
        return self._buttons(controls.GENERATOR_TOGGLES)

    @property
    def styles(self) -> list[Button]:
        return self._buttons(controls.STYLE_TOGGLES)

    @property
    def evidence(self) -> list[Button]:
        return self._buttons(controls.EVIDENCE_TOGGLES)

    @cached_property
    def ties(self) -> list[Tie]:
        return aims.ties(self.on, self.aims)

    @property
    def is_anything_to_aim(self) -> bool:
        """Whether a reason is on that could show one generator and not another, or none."""
        return any(tie.is_on and tie.chips for tie in self.ties)

    @property
    def times(self) -> dict[str, float]:
        """Where in the clip each kind of evidence was seen, if it was said."""
        return {name: at for name, at in self.at.items() if name in self.on}

    @cached_property
    def num_twins(self) -> int:
        """How many other videos of this footage one answer could stand for."""
        return twins.number(self.slot.labeler_id, self.slot.video)

    @property
    def proof(self) -> str:
        """What this person shows to have the clip again, if the claim is lost with an answer in hand."""
        return reclaiming.proof(self.slot.labeler_id or 0, self.slot.video_id)

    @property
    def text(self) -> SafeString:
        return marked(self.slot.video.post.text)

    @property
    def provenance(self) -> list[tuple[str, str]]:
        metadata = self.slot.video.post.metadata
        return [(name, str(metadata[name])) for name in PROVENANCE if metadata.get(name)]


def stage_of(request: HttpRequest) -> Stage:
    """Return how large the browser said its stage is (static/js/stage.js keeps the cookie)."""
    said = re.fullmatch(r"(\d{1,5})x(\d{1,5})", request.COOKIES.get("stage", ""))
    return (int(said[1]), int(said[2])) if said else None


def screen_for(
    slot: Slot, stage: Stage, on: frozenset[str] | None = None, note: str = "", question: str = ""
) -> Screen:
    """Return the screen of `slot`: with `on` pressed, or as its holder left it when they go back to it."""
    shown = suggestions_for(slot)
    if on is not None:
        return Screen(slot, on, note, shown, stage, question=question)
    earlier = _earlier(slot)
    if earlier is None:
        return Screen(slot, shown=shown, stage=stage)
    evidence = list(earlier.evidence.all())
    at = {item.kind: item.at_seconds for item in evidence if item.at_seconds is not None}
    kinds = [item.kind for item in evidence]
    on = controls.pressed_for(earlier, kinds)
    aimed = aims.aims_of(on, evidence)
    return Screen(slot, on, earlier.note, shown, stage, at, earlier.question, aimed)


def _earlier(slot: Slot) -> Annotation | None:
    """Return the answer that the slot's holder took back, if that is why they have the video."""
    newest = Annotation.objects.filter(video=slot.video_id, labeler=slot.labeler_id)
    undone = newest.select_related("replaces").order_by("-pk").first()
    if undone is None or undone.outcome != Outcome.UNDONE or undone.replaces is None:
        return None
    earlier: Annotation = undone.replaces
    return earlier


def stored(slot: Slot) -> list[Variant]:
    """Return the stored variants that the queue loaded with a slot, the largest first."""
    variants: list[Variant] = slot.video.stored_variants  # type: ignore[attr-defined]
    return variants


def suiting(variants: Sequence[Variant], stage: Stage) -> Variant | None:
    """Return the smallest variant that fills a stage of so many pixels, else the largest there is."""
    if not variants or stage is None:
        return variants[0] if variants else None
    width, height = stage
    enough = [each for each in variants if (each.width or 0) >= width or (each.height or 0) >= height]
    return min(enough, key=_pixels) if enough else max(variants, key=_pixels)


def _pixels(variant: Variant) -> int:
    return (variant.width or 0) * (variant.height or 0)


@dataclass(frozen=True, slots=True)
class Definition:
    """What a label means here, with clips that show it."""

    label: Label
    text: str
    examples: list[Video]


def definitions() -> list[Definition]:
    """Return what each label means: an admin's wording and examples where there are some."""
    own = {each.label: each for each in LabelDefinition.objects.prefetch_related("examples")}
    return [
        Definition(label, own[label].text, list(own[label].examples.all()))
        if label in own
        else Definition(label, label.definition, [])
        for label in V5_LABELS
    ]


def guideline() -> str:
    text: str | None = Guideline.objects.values_list("text", flat=True).first()
    return text or ""
