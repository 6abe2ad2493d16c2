"""Taking a person's answer: checked, appended, settled, in one transaction."""

import math
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from cakelens.labels import GENERATORS, V5_LABELS, Label
from labeling import queue, settling
from labeling.models import (
    Annotation,
    Evidence,
    EvidenceKind,
    Guideline,
    Outcome,
    SkipReason,
    Slot,
    SlotState,
    label_field,
)
from labeling.queue import ClaimLost

MAX_NOTE = 4000
MAX_QUOTE = 1000
GOES_OUT = {SkipReason.UNAVAILABLE, SkipReason.NOT_A_VIDEO}
"""Skips that leave nothing for another person to judge."""


class InvalidAnswer(Exception):
    """The answer breaks a rule; nothing was written."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__(" ".join(errors))
        self.errors = list(errors)


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """Why labels are on; without labels it speaks for AI_GEN and every generator that is on."""

    labels: list[Label]
    kind: EvidenceKind
    quote: str = ""
    at_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One person's judgement of one video. An omitted label is *not judged*.

    Raises:
        InvalidAnswer: It breaks a rule; `errors` says which, in words.
    """

    labels: Mapping[Label, bool | None]
    evidence: Sequence[EvidenceItem] = field(default=())
    note: str = ""
    seconds: float | None = None

    def __post_init__(self) -> None:
        if errors := list(self._errors()):
            raise InvalidAnswer(errors)

    def _errors(self) -> Iterator[str]:
        is_ai = self.labels.get(Label.AI_GEN)
        if is_ai is None:
            yield "AI_GEN must be judged: answer yes or no."
        named = [label for label in GENERATORS if self.labels.get(label)]
        if named and is_ai is not True:
            yield f"{', '.join(named)} makes the video AI-generated: AI_GEN must be yes."
        elif unproven := self._unproven():
            yield f"Say how you know that it is {', '.join(unproven)}: it needs evidence of some kind."
        yield from _text_errors("note", self.note, MAX_NOTE)
        yield from _time_errors("seconds", self.seconds)
        for item in self.evidence:
            yield from _text_errors("quote", item.quote, MAX_QUOTE)
            yield from _time_errors("at_seconds", item.at_seconds)

    @property
    def claims(self) -> list[Label]:
        """What needs evidence: AI_GEN and the generators, where they are on. A style can be seen."""
        return [label for label in (Label.AI_GEN, *GENERATORS) if self.labels.get(label)]

    def _unproven(self) -> list[Label]:
        """Return the claims that no evidence speaks for; what shows a generator shows AI_GEN too."""
        proven = {label for item in self.evidence for label in item.labels or self.claims}
        if proven & set(GENERATORS) & set(self.claims):
            proven.add(Label.AI_GEN)
        return [label for label in self.claims if label not in proven]


def _text_errors(name: str, text: str, most: int) -> Iterator[str]:
    if len(text) > most:
        yield f"{name} may have {most:,} characters, it has {len(text):,}."
    if "\0" in text:
        yield f"{name} may not hold the character NUL."


def _time_errors(name: str, seconds: float | None) -> Iterator[str]:
    if seconds is not None and not 0 <= seconds < math.inf:
        yield f"{name} must be a number >= 0, it is {seconds}."


@transaction.atomic
def submit(user: Any, claim: uuid.UUID, answer: Answer) -> Annotation:
    """Take `answer` for the claimed video and settle it.

    Raises:
        ClaimLost: The claim went to someone else; nothing was written.
    """
    slot = queue.held(user, claim)
    annotation = _append(
        user,
        slot,
        Outcome.LABELED,
        note=answer.note,
        seconds=answer.seconds,
        **{label_field(label): answer.labels.get(label) for label in V5_LABELS},
    )
    Evidence.objects.bulk_create(
        Evidence(
            annotation=annotation,
            labels=[str(label) for label in item.labels or answer.claims],
            kind=item.kind,
            quote=item.quote,
            at_seconds=item.at_seconds,
        )
        for item in answer.evidence
    )
    _close(slot)
    settling.settle(slot.video)
    return annotation


@transaction.atomic
def skip(
    user: Any, claim: uuid.UUID, reason: SkipReason, note: str = "", seconds: float | None = None
) -> Annotation:
    """Pass on a video with a reason: to someone else, or out of the queue if nobody could judge it.

    Raises:
        ClaimLost: The claim went to someone else; nothing was written.
        InvalidAnswer: The note is too long; nothing was written.
    """
    if errors := [*_text_errors("note", note, MAX_NOTE), *_time_errors("seconds", seconds)]:
        raise InvalidAnswer(errors)
    slot = queue.held(user, claim)
    annotation = _append(user, slot, Outcome.SKIPPED, skip_reason=reason, note=note, seconds=seconds)
    _close(slot)
    if reason not in GOES_OUT:
        queue.open_slot(slot.video)
    return annotation


def _append(user: Any, slot: Slot, outcome: Outcome, **fields: Any) -> Annotation:
    previous = Annotation.objects.filter(video=slot.video, labeler=user).order_by("-pk").first()
    return Annotation.objects.create(
        video=slot.video,
        labeler=user,
        outcome=outcome,
        guideline_version=Guideline.version_in_force(),
        shown_model=slot.shown_model,
        picked_by=slot.video.picked_by,
        replaces=previous,
        **fields,
    )


def _close(slot: Slot) -> None:
    """Mark the slot answered; the fence on `claim` makes a lost race visible as ClaimLost."""
    closed = Slot.objects.filter(pk=slot.pk, claim=slot.claim, state=SlotState.HELD).update(
        state=SlotState.DONE, claim=None, lease_until=None
    )
    if not closed:
        raise ClaimLost


def last_answers(user: Any, *, most: int = 10) -> list[Annotation]:
    """Return a person's standing answers and skips, the newest first."""
    newer = Annotation.objects.filter(video=OuterRef("video"), labeler=user, pk__gt=OuterRef("pk"))
    return list(
        Annotation.objects.filter(labeler=user, outcome__in=[Outcome.LABELED, Outcome.SKIPPED])
        .filter(~Exists(newer))
        .select_related("video__post")
        .order_by("-pk")[:most]
    )


def undo_last(user: Any) -> Slot | None:
    """Take back a person's newest standing answer and give them the video again; None if there is none."""
    last = last_answers(user, most=1)
    return reopen(user, last[0]) if last else None


@transaction.atomic
def reopen(user: Any, annotation: Annotation) -> Slot:
    """Append an UNDONE row for `annotation`, undo what it settled, and hold its video for `user` again."""
    queue.lock(annotation.video)
    Annotation.objects.create(
        video=annotation.video,
        labeler=user,
        outcome=Outcome.UNDONE,
        guideline_version=annotation.guideline_version,
        replaces=annotation,
        picked_by=annotation.picked_by,
    )
    slot = queue.hold_again(user, annotation.video)
    Slot.objects.filter(video=annotation.video, state=SlotState.FREE, n__gt=slot.n).update(
        state=SlotState.OUT
    )
    settling.settle(annotation.video)
    return slot
