"""One reviewer's labels for many videos at once: seen before, appended, and taken back as one."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from cakelens.labels import GENERATORS, Label
from labeling import answering, queue, settling
from labeling.aims import AIMABLE
from labeling.answering import InvalidAnswer
from labeling.locks import lock, lock_all
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

    @property
    def said(self) -> dict[Label, bool]:
        """What is said of each video, with what follows from it."""
        if any(self.labels.get(label) for label in GENERATORS):
            return {**self.labels, Label.AI_GEN: True}
        if self.labels.get(Label.AI_GEN) is False:
            return {**self.labels, **dict.fromkeys(GENERATORS, False)}
        return {**self.labels}

    def onto(self, standing: Labels) -> Labels | None:
        """Return what counts after the change; None if AI_GEN would still not be judged."""
        after = {**standing, **self.said}
        return after if after.get(Label.AI_GEN) is not None else None

    def same(self, videos: Any) -> Any:
        """Keep the videos that say it already."""
        said = _fields(self.said, "settlement__")
        return videos.filter(settlement__ai_gen__isnull=False, **said)

    def unjudged(self, videos: Any) -> Any:
        """Keep the videos of which AI_GEN would still not be judged."""
        return videos.none() if Label.AI_GEN in self.said else videos.filter(settlement__ai_gen=None)

    def touched(self, videos: Any) -> Any:
        """Keep the videos that change, in the order in which they are taken."""
        changing = videos.exclude(**_fields(self.said, "settlement__"))
        if Label.AI_GEN not in self.said:
            changing = changing.filter(settlement__ai_gen__isnull=False)
        return changing.order_by("pk")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do: videos that change, that say it already, and that AI_GEN is not judged of.

    `is_more`: more would change than are taken at once.
    """

    changing: list[tuple[Video, Labels]]
    num_same: int
    num_unjudged: int
    is_more: bool


def preview(videos: Any, change: Change) -> Preview:
    """Say what `change` would do to the first MOST of `videos` that it touches, and how many it leaves."""
    first = list(change.touched(videos)[: MOST + 1])
    return Preview(
        _changing(first[:MOST], change),
        num_same=change.same(videos).count(),
        num_unjudged=change.unjudged(videos).count(),
        is_more=len(first) > MOST,
    )


def _changing(videos: Iterable[Video], change: Change) -> list[tuple[Video, Labels]]:
    """Return those of `videos` that change, and what counts for them after it."""
    changing = []
    for video in videos:
        standing = video.settlement.labels() if video.settlement else {}
        after = change.onto(standing)
        if after is not None and after != standing:
            changing.append((video, after))
    return changing


@transaction.atomic
def apply(by: Any, videos: Any, change: Change, *, filters: str = "") -> BulkEdit:
    """Append an answer to each video that changes and let it count.

    Raises:
        NothingToEdit: None changes; nothing was written.
    """
    # What says it already is left out first: the next edit of all that match takes the rest.
    keys = list(change.touched(videos).values_list("pk", flat=True)[:MOST])
    # Locked before their settlements are read: an answer that comes now waits, and finds this decision.
    lock_all(Video.objects.filter(pk__in=keys))
    changing = _changing(Video.objects.filter(pk__in=keys).select_related("settlement"), change)
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
    is_open = Q(state__in=[SlotState.FREE, SlotState.KEPT])
    is_open |= Q(state=SlotState.HELD, labeler=answers[0].labeler)  # nobody is asked what they just decided
    Slot.objects.filter(is_open, video__in=videos, is_gold=False).update(**queue.CLOSED)


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
    replaced = [video.settlement_id for video, _ in changing]
    Evidence.objects.bulk_create(_evidence(rows, replaced, change))
    return rows


def _evidence(rows: list[Annotation], replaced: list[int | None], change: Change) -> Iterator[Evidence]:
    """Yield what shows the labels of each row: what is said now, and what showed those that stay on.

    `replaced`: the settlement that each row takes the place of. Without its evidence, a batch would not know
    any more how a video was seen to be AI-generated, once somebody corrects its style.
    """
    before = _evidence_of(replaced)
    for row, settlement in zip(rows, replaced, strict=True):
        on = [str(label) for label in AIMABLE if row.labels()[label]]
        if change.kind and on:
            yield Evidence(annotation=row, labels=list(map(str, change.claims)) or on, kind=change.kind)
        for each in before[settlement]:
            if labels := [label for label in each.labels if label in on]:
                yield each.again(row, labels)


def _evidence_of(settlements: list[int | None]) -> Mapping[int | None, list[Evidence]]:
    found: defaultdict[int | None, list[Evidence]] = defaultdict(list)
    rests_on = Evidence.objects.annotate(settlement=F("annotation__settlements"))
    for evidence in rests_on.filter(settlement__in=filter(None, settlements)).order_by("pk"):
        found[evidence.settlement].append(evidence)
    return found


def _fields(labels: Labels, of: str = "") -> dict[str, bool | None]:
    return {f"{of}{label_field(label)}": value for label, value in labels.items()}


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
        lock(annotation.video)
        answering.undo(annotation, bulk=edit)
        settling.settle(annotation.video)
