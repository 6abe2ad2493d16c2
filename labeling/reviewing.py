"""What waits for a reviewer: people who contradict each other, models that contradict people, questions.

Predictions are read through the reverse relation `video.predictions`: this app knows no model.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from cakelens.labels import V5_LABELS, Label
from labeling import answering, settling
from labeling.adjudicating import Finding, conclude, finding_of, judge
from labeling.answering import Answer
from labeling.locks import lock
from labeling.models import (
    REVIEW,
    Annotation,
    ReviewOutcome,
    Settlement,
    SettlementMethod,
    Split,
    Video,
)

CONFIDENT = 0.9
"""A model is sure of AI_GEN from here on, and of its absence up to one less this."""
COUNTED_UP_TO = 1_000
MODELS_SHOWN = 10


def disputes() -> "QuerySet[Video]":
    """Return the videos whose answers contradict each other, the oldest dispute first."""
    disputed: Any = Video.objects.filter(disputed_at__isnull=False, is_withdrawn=False)
    found: QuerySet[Video] = (
        disputed.select_related("post").defer("fingerprint").order_by("disputed_at", "pk")
    )
    return found


def questions() -> "QuerySet[Annotation]":
    """Return what labelers asked and nobody answered, the oldest first; what was taken back is not asked."""
    asked = Annotation.objects.not_taken_back().exclude(question="").filter(reply=None, together_with=None)
    found: QuerySet[Annotation] = asked.select_related("video__post", "labeler").order_by("pk")
    return found


def _predictions() -> Any:
    return Video.predictions.field.model.objects  # type: ignore[attr-defined]


def models() -> list[Any]:
    """Return the newest model versions that have judged videos."""
    versions: Any = _predictions().model._meta.get_field("model").related_model
    judged = versions.objects.filter(Exists(_predictions().filter(model=OuterRef("pk"))))
    return list(judged.order_by("-pk")[:MODELS_SHOWN])


def judged_by(model_slug: str) -> "QuerySet[Video]":
    """Return the videos outside the test set that a model judged: of others it is neither right nor wrong."""
    said = _predictions().filter(video=OuterRef("pk"), model__slug=model_slug)
    found: QuerySet[Video] = Video.objects.filter(Exists(said)).exclude(split=Split.TEST)
    return found


def contradicted(model_slug: str, reviewer: Any) -> "QuerySet[Video]":
    """Return settled videos of which `model_slug` is sure of the opposite, and that `reviewer` never judged.

    Not of the test set: to mend only what the model points at would make its score better than it is.
    """
    said = _predictions().filter(video=OuterRef("pk"), model__slug=model_slug)
    is_contradicted = Q(Exists(said.filter(ai_gen__gte=CONFIDENT)), settlement__ai_gen=False) | Q(
        Exists(said.filter(ai_gen__lte=1 - CONFIDENT)), settlement__ai_gen=True
    )
    own = Annotation.objects.filter(video=OuterRef("pk"), labeler=reviewer)
    reviewed = ReviewOutcome.objects.filter(video=OuterRef("pk"), model_slug=model_slug)
    videos: Any = Video.objects.ready().settled().exclude(split=Split.TEST).filter(is_withdrawn=False)
    found: QuerySet[Video] = videos.filter(is_contradicted, ~Exists(own), ~Exists(reviewed)).order_by("pk")
    return found


@transaction.atomic
def judge_blind(reviewer: Any, video: Video, model_slug: str, answer: Answer | None) -> ReviewOutcome:
    """Write down what a reviewer says who knows neither side, and who was wrong by it.

    None: they cannot tell. The first word counts: sent again, it changes nothing.
    """
    lock(video)
    said = ReviewOutcome.objects.filter(video=video, model_slug=model_slug, reviewer=reviewer).first()
    if said:
        return said
    annotation = judge(reviewer, video, answer)
    settlement = Video.objects.select_related("settlement").get(pk=video.pk).settlement
    finding = finding_of(annotation, settlement) if settlement else Finding.AMBIGUOUS
    return conclude(reviewer, annotation, model_slug, finding)


@transaction.atomic
def call_ambiguous(outcome: ReviewOutcome) -> None:
    """Say, after seeing both sides, that it cannot be decided: what counted before counts again."""
    if outcome.annotation:
        take_back(outcome.annotation)
    ReviewOutcome.objects.filter(pk=outcome.pk).update(finding=Finding.AMBIGUOUS)


def own_decisions(reviewer: Any) -> "QuerySet[Annotation]":
    """Return what a reviewer decided, one by one, and did not take back; the newest first."""
    decided = Settlement.objects.filter(method=SettlementMethod.ADJUDICATED, annotations=OuterRef("pk"))
    said: Any = Annotation.objects.not_taken_back().filter(labeler=reviewer, picked_by=REVIEW, bulk=None)
    found: QuerySet[Annotation] = said.filter(Exists(decided)).order_by("-pk")
    return found


@transaction.atomic
def take_back(decision: Annotation) -> None:
    """Let a decision count no more: what counted before it counts again. Taken back twice, it is once."""
    lock(decision.video)
    if not own_decisions(decision.labeler).filter(pk=decision.pk).exists():
        return
    ReviewOutcome.objects.filter(annotation=decision).update(finding=Finding.AMBIGUOUS)
    answering.undo(decision)
    settling.settle(decision.video)


@dataclass(frozen=True, slots=True)
class Row:
    """One label, as each of several people judged it."""

    label: Label
    values: list[bool | None]

    @property
    def is_disputed(self) -> bool:
        return {True, False} <= set(self.values)


def side_by_side(video: Video) -> tuple[list[Annotation], list[Row]]:
    """Return the answers that stand, and the labels that anybody said yes to or that are disputed."""
    answers = list(
        Annotation.objects.standing_for(video)
        .select_related("labeler")
        .prefetch_related("evidence")
        .order_by("pk")
    )
    rows = [Row(label, [answer.labels()[label] for answer in answers]) for label in V5_LABELS]
    return answers, [
        row for row in rows if row.label == Label.AI_GEN or True in row.values or row.is_disputed
    ]
