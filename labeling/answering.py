"""Taking a person's answer: checked, appended, settled, in one transaction."""

import math
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.formats import number_format

from cakelens.labels import GENERATORS, V5_LABELS, Label
from labeling import queue, settling, twins
from labeling.composed import Given, Update
from labeling.locks import is_wanted, lock_all
from labeling.models import (
    GOLD,
    REVIEW,
    Annotation,
    Evidence,
    EvidenceKind,
    Guideline,
    Outcome,
    SkipDestination,
    SkipReason,
    Slot,
    SlotState,
    Video,
    label_field,
)
from labeling.queue import ClaimLost, PassedOn

MAX_NOTE = 4000
MAX_QUOTE = 1000
MAX_QUESTION = 1000
GOES_OUT = {SkipReason.UNAVAILABLE, SkipReason.NOT_A_VIDEO}
"""Skips that leave nothing for another person to judge, unless who skips says otherwise."""


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
    question: str = ""

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
        yield from _text_errors("question", self.question, MAX_QUESTION)
        yield from _time_errors("seconds", self.seconds)
        if unfounded := self._unfounded():
            yield f"There is evidence for {', '.join(unfounded)}, which is not on: leave it out or say yes."
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

    def _unfounded(self) -> list[Label]:
        """Return what evidence is given for though it is off. For AI_GEN it may say no as well as yes."""
        named = {label for item in self.evidence for label in item.labels} - {Label.AI_GEN}
        return [label for label in V5_LABELS if label in named and not self.labels.get(label)]


def _text_errors(name: str, text: str, most: int) -> Iterator[str]:
    if len(text) > most:
        yield f"{name} may have {number_format(most)} characters, it has {number_format(len(text))}."
    if "\0" in text:
        yield f"{name} may not hold the character NUL."


def _time_errors(name: str, seconds: float | None) -> Iterator[str]:
    if seconds is not None and not 0 <= seconds < math.inf:
        yield f"{name} must be a number >= 0, it is {seconds}."


@transaction.atomic
def submit(
    user: Any, claim: uuid.UUID, answer: Answer, *, with_twins: bool = False, video_id: int | None = None
) -> Annotation:
    """Take `answer` for the claimed video, and for all of its footage if `with_twins`, and settle it.

    Raises:
        ClaimLost: The claim went to someone else; nothing was written.
        InvalidAnswer: The claim is not for the video `video_id`; nothing was written.
    """
    slot = queue.held(user, claim)
    if video_id not in (None, slot.video_id):
        raise InvalidAnswer([f"This claim is for video {slot.video_id}, not for video {video_id}."])
    if with_twins:
        twins.lock(slot.video)
    annotation = give(user, slot, answer)
    if with_twins:
        for twin in twins.taken(user, slot.video):
            twin.shown_model = slot.shown_model  # what they saw of one copy they had seen of all
            give(user, twin, answer, together_with=annotation, seconds=None)
    return annotation


def give(user: Any, slot: Slot, answer: Answer, **fields: Any) -> Annotation:
    """Append `answer` for a slot that `user` holds, close the slot and settle its video."""
    said = {label_field(label): answer.labels.get(label) for label in V5_LABELS}
    beside = {"note": answer.note, "seconds": answer.seconds, "question": answer.question.strip()}
    slot.video = settling.lock(slot.video_id)
    earlier = settling.annotations_of(slot.video)
    annotation = _append(user, slot, earlier, Outcome.LABELED, **said | beside | fields)
    append_evidence(annotation, answer)
    _close(slot)
    if not slot.is_gold:
        settling.settle_by(slot.video, [*earlier, annotation])
    return annotation


def append_evidence(annotation: Annotation, answer: Answer) -> None:
    if not answer.evidence:
        return  # writing no rows is a transaction, too
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


@transaction.atomic
def skip(
    user: Any,
    claim: uuid.UUID,
    reason: SkipReason,
    note: str = "",
    seconds: float | None = None,
    *,
    destination: SkipDestination | None = None,
    question: str = "",
) -> Annotation:
    """Pass on a video with a reason: to others, to oneself later, or out of the queue.

    Without a destination the reason says it: what nobody could judge goes out, the rest to others.

    Raises:
        ClaimLost: The claim went to someone else; nothing was written.
        InvalidAnswer: The note or the question is too long; nothing was written.
    """
    texts = _text_errors("note", note, MAX_NOTE), _text_errors("question", question, MAX_QUESTION)
    if errors := [*chain(*texts), *_time_errors("seconds", seconds)]:
        raise InvalidAnswer(errors)
    slot = queue.held(user, claim)
    to = destination or goes_to(reason)
    said = {"note": note, "seconds": seconds, "question": question.strip()}
    goes_on = not slot.is_gold and is_wanted(slot.video)
    earlier = settling.annotations_of(slot.video)
    annotation = _append(user, slot, earlier, Outcome.SKIPPED, skip_reason=reason, skipped_to=to, **said)
    if goes_on:
        _send_on(slot, to)
    else:  # nobody is to be asked after a skip of gold, or of what was decided or withdrawn meanwhile
        _close(slot)
    return annotation


def _send_on(slot: Slot, to: SkipDestination) -> None:
    """Let a skipped video go where it is to go."""
    if to == SkipDestination.LATER:
        queue.keep_for_later(slot)
        return
    _close(slot)
    if to == SkipDestination.OUT:
        queue.take_out(slot.video)
    else:
        queue.open_slot(slot.video)


def goes_to(reason: SkipReason) -> SkipDestination:
    """Return where a skipped video goes if nothing else is said."""
    return SkipDestination.OUT if reason in GOES_OUT else SkipDestination.OTHERS


def _append(
    user: Any, slot: Slot, earlier: Sequence[Annotation], outcome: Outcome, **fields: Any
) -> Annotation:
    previous = max((row.pk for row in earlier if row.labeler_id == user.pk), default=None)
    return Annotation.objects.create(
        video=slot.video,
        labeler=user,
        outcome=outcome,
        guideline_version=Guideline.version_in_force(),
        shown_model=slot.shown_model,
        picked_by=GOLD if slot.is_gold else slot.video.picked_by,
        replaces_id=previous,
        **fields,
    )


def _close(slot: Slot) -> None:
    """Mark the slot answered; the fence on `claim` makes a lost race visible as ClaimLost."""
    if not CLOSE(id=slot.pk, claim=slot.claim):
        raise ClaimLost


CLOSE = Update(
    lambda: Slot.objects.filter(pk=Given(Slot, "id"), claim=Given(Slot, "claim"), state=SlotState.HELD),
    state=SlotState.DONE,
    claim=None,
    lease_until=None,
)


def last_answers(user: Any, *, most: int = 10) -> list[Annotation]:
    """Return a person's standing answers and skips, the newest first; one for all twins is one."""
    given = Annotation.objects.filter(labeler=user).exclude(picked_by=REVIEW)
    newer = given.filter(video=OuterRef("video"), pk__gt=OuterRef("pk"))
    return list(
        given.filter(together_with=None, outcome__in=[Outcome.LABELED, Outcome.SKIPPED])
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
    """Take `annotation` and what was said of its twins with it back, and hold its video for `user` again.

    Raises:
        InvalidAnswer: It is a skip, and the video it passed on is with somebody else; nothing was written.
    """
    together = twins.answered_with(annotation)
    lock_all(Video.objects.filter(pk__in=[each.video_id for each in (annotation, *together)]))
    if annotation.skipped_to == SkipDestination.OTHERS:
        try:
            queue.call_back(user, annotation.video)
        except PassedOn as exc:
            raise InvalidAnswer([str(exc)]) from exc
    for twin in together:
        undo(twin)
        queue.close_answered(user, twin.video)
        settling.settle(twin.video)
    undo(annotation)
    slot = queue.hold_again(user, annotation.video)
    if not slot.is_gold:
        queue.close_after(slot)
        settling.settle(annotation.video)
    return slot


def undo(annotation: Annotation, **fields: Any) -> Annotation:
    """Append the row that takes `annotation` back."""
    taken_back: Annotation = Annotation.objects.create(
        video=annotation.video,
        labeler=annotation.labeler,
        outcome=Outcome.UNDONE,
        guideline_version=annotation.guideline_version,
        replaces=annotation,
        picked_by=annotation.picked_by,
        **fields,
    )
    return taken_back
