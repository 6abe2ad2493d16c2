"""Declaring one person's answers of a period void, and taking that back: rows are appended, none changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.formats import number_format

from cakelens.labels import V5_LABELS
from labeling import settling
from labeling.locks import lock_all
from labeling.models import (
    REVIEW,
    Annotation,
    Evidence,
    Outcome,
    SettlementMethod,
    Video,
    Voiding,
    label_field,
)

MOST = 5_000
"""So many answers at once: each video is settled anew, and somebody waits for it."""
COPIED = (
    *("note", "question", "guideline_version", "seconds", "shown_model", "picked_by"),
    *("outcome", "skip_reason", "skipped_to", "bulk_id"),
    *(label_field(label) for label in V5_LABELS),
)


class NothingToVoid(Exception):
    def __init__(self) -> None:
        super().__init__("No answer of this person in this period stands. Choose another period.")


class TooMuchToVoid(Exception):
    def __init__(self) -> None:
        super().__init__(
            f"More than {number_format(MOST)} answers stand in this period. Choose a shorter one."
        )


@dataclass(frozen=True, slots=True)
class Preview:
    num_answers: int
    num_settled: int
    """Videos whose labels rest on these answers, alone or with others."""


def standing(labeler: Any, since: datetime, until: datetime) -> "QuerySet[Annotation]":
    """Return a person's answers and skips of a period that nothing later took back or replaced."""
    newer = Annotation.objects.filter(
        video=OuterRef("video"), labeler=OuterRef("labeler"), pk__gt=OuterRef("pk")
    )
    is_review = Q(picked_by=REVIEW)
    given = Annotation.objects.filter(labeler=labeler, created_at__gte=since, created_at__lt=until)
    given = given.filter(outcome__in=[Outcome.LABELED, Outcome.SKIPPED])
    found: QuerySet[Annotation] = given.filter(
        (is_review & ~Exists(newer.filter(is_review))) | (~is_review & ~Exists(newer.exclude(is_review)))
    )
    return found


def preview(labeler: Any, since: datetime, until: datetime) -> Preview:
    answers = standing(labeler, since, until)
    settled = Video.objects.filter(settlement__annotations__in=answers.values("pk")).distinct().count()
    return Preview(answers.count(), settled)


@transaction.atomic
def void(by: Any, labeler: Any, since: datetime, until: datetime, reason: str) -> Voiding:
    """Append a VOIDED row for each answer that stands, and settle its video without it.

    Raises:
        NothingToVoid, TooMuchToVoid: Nothing was written.
    """
    answers = list(standing(labeler, since, until).order_by("video", "pk")[: MOST + 1])
    if not answers:
        raise NothingToVoid
    if len(answers) > MOST:
        raise TooMuchToVoid
    act = Voiding.objects.create(
        by=by, labeler=labeler, since=since, until=until, reason=reason, num_answers=len(answers)
    )
    _lock(answers)
    Annotation.objects.bulk_create(
        Annotation(
            video_id=answer.video_id,
            labeler=labeler,
            outcome=Outcome.VOIDED,
            guideline_version=answer.guideline_version,
            picked_by=answer.picked_by,
            replaces=answer,
            voiding=act,
        )
        for answer in answers
    )
    _settle(answers)
    return act


@transaction.atomic
def undo(by: Any, act: Voiding) -> None:
    """Append the voided answers once more, but for those their giver has answered anew since.

    Raises:
        AlreadyUndone: Somebody was first; nothing was written.
    """
    act.take_back(by)
    newer = Annotation.objects.filter(
        video=OuterRef("video"), labeler=OuterRef("labeler"), pk__gt=OuterRef("pk")
    )
    voided = act.annotations.filter(~Exists(newer), outcome=Outcome.VOIDED)
    rows = list(voided.select_related("replaces").order_by("video", "pk"))
    _lock(rows)
    copies = [_copy(act, row) for row in rows]
    _settle(copies)


def _copy(act: Voiding, voided: Annotation) -> Annotation:
    """Append the answer behind a VOIDED row again; a decision of a reviewer counts again."""
    answer = voided.replaces
    assert answer is not None
    fields = {name: getattr(answer, name) for name in COPIED}
    copy: Annotation = Annotation.objects.create(
        video_id=answer.video_id, labeler_id=answer.labeler_id, replaces=voided, voiding=act, **fields
    )
    Evidence.objects.bulk_create(each.again(copy, each.labels) for each in answer.evidence.all())
    if answer.settlements.filter(method=SettlementMethod.ADJUDICATED).exists():
        settling.decide(copy.video, copy)
    return copy


def _lock(answers: list[Annotation]) -> None:
    lock_all(Video.objects.filter(pk__in={answer.video_id for answer in answers}))


def _settle(answers: list[Annotation]) -> None:
    """Settle what these answers may count for: gold and what a reviewer only looked at stay as they are."""
    keys = {answer.video_id for answer in answers if answer.picked_by != "gold"}
    for video in Video.objects.filter(pk__in=keys).order_by("pk"):
        settling.settle(video)
