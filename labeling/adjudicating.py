"""A reviewer's own judgement: of a video that people answered differently, or of people against a model."""

from typing import Any

from django.db import transaction

from labeling import settling
from labeling.answering import Answer, append_evidence
from labeling.models import (
    REVIEW,
    Annotation,
    GoldAnswer,
    Guideline,
    Outcome,
    QuestionReply,
    ReviewOutcome,
    Settlement,
    SkipReason,
    Video,
    label_field,
)

Finding = ReviewOutcome.Finding


class NoSettlement(Exception):
    """Gold needs a known answer."""

    def __init__(self) -> None:
        super().__init__("Nothing counts for this video yet. Settle it first, then make it gold.")


@transaction.atomic
def adjudicate(reviewer: Any, video: Video, answer: Answer) -> Settlement:
    """Append a reviewer's answer and let it count."""
    return settling.decide(video, judge(reviewer, video, answer))


@transaction.atomic
def judge(reviewer: Any, video: Video, answer: Answer | None) -> Annotation:
    """Append what a reviewer says, or that they cannot tell; it settles nothing by itself."""
    fields: dict[str, Any] = {"outcome": Outcome.SKIPPED, "skip_reason": SkipReason.CANNOT_TELL}
    if answer:
        fields = {label_field(label): value for label, value in answer.labels.items()}
        fields |= {"outcome": Outcome.LABELED, "note": answer.note, "seconds": answer.seconds}
    annotation: Annotation = Annotation.objects.create(
        video=video,
        labeler=reviewer,
        picked_by=REVIEW,
        guideline_version=Guideline.version_in_force(),
        **fields,
    )
    if answer:
        append_evidence(annotation, answer)
    return annotation


@transaction.atomic
def conclude(reviewer: Any, annotation: Annotation, model_slug: str, finding: str) -> ReviewOutcome:
    """Write down who was wrong. If the people were, what the reviewer said counts from now on."""
    outcome, is_new = ReviewOutcome.objects.get_or_create(
        video=annotation.video,
        model_slug=model_slug,
        reviewer=reviewer,
        defaults={"finding": finding, "annotation": annotation},
    )
    if is_new and finding == Finding.HUMAN_WRONG:
        settling.decide(annotation.video, annotation)
    return outcome


def finding_of(annotation: Annotation, settlement: Settlement) -> str:
    """Return who was wrong by what a reviewer said without knowing either."""
    if annotation.outcome != Outcome.LABELED:
        return Finding.AMBIGUOUS
    return Finding.MODEL_WRONG if annotation.ai_gen == settlement.ai_gen else Finding.HUMAN_WRONG


def reply(reviewer: Any, annotation: Annotation, text: str) -> QuestionReply:
    """Answer a labeler's question; the first reply stands."""
    said, _ = QuestionReply.objects.get_or_create(
        annotation=annotation, defaults={"text": text, "reviewer": reviewer}
    )
    return said


def make_gold(reviewer: Any, video: Video) -> GoldAnswer:
    """Let what counts for `video` be known to be right, and test labelers with it.

    Raises:
        NoSettlement: Nothing counts for it.
    """
    if video.settlement is None:
        raise NoSettlement
    values = {label_field(label): value for label, value in video.settlement.labels().items()}
    gold, _ = GoldAnswer.objects.update_or_create(
        video=video, defaults=values | {"added_by": reviewer, "retired_at": None}
    )
    return gold
