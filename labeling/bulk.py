"""One reviewer's labels for many videos at once: seen before, appended, and taken back as one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from cakelens.labels import GENERATORS, Label
from labeling import answering, queue, settling
from labeling.answering import InvalidAnswer
from labeling.models import (
    REVIEW,
    Annotation,
    BulkEdit,
    Evidence,
    EvidenceKind,
    Guideline,
    Outcome,
    Settlement,
    SettlementMethod,
    Slot,
    SlotState,
    Video,
    label_field,
)

MOST = 1_000
"""So many videos at once: taking them back settles each anew, and somebody waits for it."""

Labels = Mapping[Label, bool | None]


class NothingToEdit(Exception):
    """No video would change."""

    def __init__(self) -> None:
        super().__init__("None of these videos would change. Choose others, or other labels.")


@dataclass(frozen=True, slots=True)
class Change:
    """What is said of each video, and how it is known.

    Raises:
        InvalidAnswer: It contradicts itself, or says yes without evidence.
    """

    labels: Mapping[Label, bool]
    kind: EvidenceKind | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if not self.labels:
            raise InvalidAnswer(["Say at least one label."])
        named = [label for label in GENERATORS if self.labels.get(label)]
        if named and self.labels.get(Label.AI_GEN) is False:
            raise InvalidAnswer([f"{', '.join(named)} makes a video AI-generated: AI_GEN cannot be no."])
        if self.claims and self.kind is None:
            raise InvalidAnswer([f"Say how you know that they are {', '.join(self.claims)}."])

    @property
    def claims(self) -> list[Label]:
        """What is newly said and needs evidence. What counted before was proven by who said it."""
        return [label for label in (Label.AI_GEN, *GENERATORS) if self.labels.get(label)]

    def onto(self, standing: Labels) -> Labels | None:
        """Return what counts after the change; None if AI_GEN would still not be judged."""
        after = {**standing, **self.labels}
        if any(self.labels.get(label) for label in GENERATORS):
            after[Label.AI_GEN] = True
        elif self.labels.get(Label.AI_GEN) is False:
            after |= dict.fromkeys(GENERATORS, False)
        return after if after.get(Label.AI_GEN) is not None else None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do: videos that change, that say it already, and that AI_GEN is not judged of."""

    changing: list[tuple[Video, Labels]]
    num_same: int
    num_unjudged: int


def preview(videos: Iterable[Video], change: Change) -> Preview:
    changing, num_same, num_unjudged = [], 0, 0
    for video in videos:
        standing = video.settlement.labels() if video.settlement else {}
        after = change.onto(standing)
        if after is None:
            num_unjudged += 1
        elif after == standing:
            num_same += 1
        else:
            changing.append((video, after))
    return Preview(changing, num_same, num_unjudged)


@transaction.atomic
def apply(by: Any, videos: Any, change: Change, *, filters: str = "") -> BulkEdit:
    """Append an answer to each video that changes and let it count.

    Raises:
        NothingToEdit: None changes; nothing was written.
    """
    keys = list(videos.order_by("pk").values_list("pk", flat=True)[:MOST])
    # Locked before their settlements are read: an answer that comes now waits, and finds this decision.
    list(Video.objects.select_for_update().filter(pk__in=keys).order_by("pk").values("pk"))
    changing = preview(Video.objects.filter(pk__in=keys).select_related("settlement"), change).changing
    if not changing:
        raise NothingToEdit
    said = {str(label): value for label, value in change.labels.items()}
    edit = BulkEdit.objects.create(
        by=by, labels=said, filters=filters[:2000], note=change.note, num_videos=len(changing)
    )
    _decide(_append(edit, changing, change))
    return edit


def _decide(answers: list[Annotation]) -> None:
    """Let these answers count, as `settling.decide` does for one."""
    settlements = Settlement.objects.bulk_create(
        Settlement(video=row.video, method=SettlementMethod.ADJUDICATED, **_fields(row.labels()))
        for row in answers
    )
    rests_on = Settlement.annotations.through
    rests_on.objects.bulk_create(
        rests_on(settlement_id=settlement.pk, annotation_id=row.pk)
        for settlement, row in zip(settlements, answers, strict=True)
    )
    for settlement in settlements:
        settlement.video.settlement, settlement.video.disputed_at = settlement, None
    videos = [settlement.video for settlement in settlements]
    Video.objects.bulk_update(videos, ["settlement", "disputed_at"], batch_size=200)
    open_ones = Slot.objects.filter(
        video__in=videos, state__in=[SlotState.FREE, SlotState.KEPT], is_gold=False
    )
    open_ones.update(**queue.FREED | {"state": SlotState.OUT})


def _append(edit: BulkEdit, changing: list[tuple[Video, Labels]], change: Change) -> list[Annotation]:
    guideline = Guideline.version_in_force()
    rows: list[Annotation] = Annotation.objects.bulk_create(
        Annotation(
            video=video,
            labeler=edit.by,
            outcome=Outcome.LABELED,
            picked_by=REVIEW,
            bulk=edit,
            note=change.note,
            guideline_version=guideline,
            **_fields(labels),
        )
        for video, labels in changing
    )
    if change.claims:
        claims, kind = [str(label) for label in change.claims], str(change.kind)
        Evidence.objects.bulk_create(Evidence(annotation=row, labels=claims, kind=kind) for row in rows)
    return rows


def _fields(labels: Labels) -> dict[str, bool | None]:
    return {label_field(label): value for label, value in labels.items()}


@transaction.atomic
def undo(by: Any, edit: BulkEdit) -> None:
    """Take an edit back: what counted before counts again, unless somebody decided since.

    Raises:
        AlreadyUndone: Somebody was first; nothing was written.
    """
    edit.take_back(by)
    for annotation in (
        edit.annotations.filter(outcome=Outcome.LABELED).select_related("video").order_by("video")
    ):
        queue.lock(annotation.video)
        answering.undo(annotation, bulk=edit)
        settling.settle(annotation.video)
