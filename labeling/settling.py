"""From answers to the labels that count.

Each person's latest answer counts unless it was undone or voided. One answer settles a video that wants
one; several settle it when they agree per label, else one more is asked, up to the maximum, and then a
reviewer decides.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from cakelens.labels import V5_LABELS, Label
from labeling import queue
from labeling.collecting import splits
from labeling.composed import Given, Select, Update
from labeling.models import (
    GOLD,
    REVIEW,
    Annotation,
    LabelSet,
    Outcome,
    Settlement,
    SettlementMethod,
    SiteSettings,
    Slot,
    SlotState,
    Video,
    label_field,
)

ACTIVE_WITHIN = timedelta(days=14)

Labels = dict[Label, bool | None]

LOCKED = Select(lambda: Video.objects.select_for_update().defer("fingerprint").filter(pk=Given(Video, "id")))
ANNOTATIONS = Select(lambda: Annotation.objects.filter(video=Given(Annotation, "video")).order_by("pk"))
SITE = Select(lambda: SiteSettings.objects.only("overlap_percent", "max_answers").filter(pk=1))
LET_STAND = Update(lambda: Video.objects.filter(pk=Given(Video, "id")), settlement=Given(Video, "settlement"))
ASK_NOBODY = Update(
    lambda: Slot.objects.filter(
        video=Given(Slot, "video"), state__in=[SlotState.FREE, SlotState.KEPT], is_gold=False
    ),
    **queue.CLOSED,
)


def merge(answers: Iterable[Mapping[Label, bool | None]]) -> Labels | None:
    """Return the labels several answers agree on; None if any label is judged both ways and evenly.

    A label that only some judged takes their judgement. Two who say the same outvote one: whoever is asked
    because the first two disagree can decide it.
    """
    votes = {label: Counter[bool]() for label in V5_LABELS}
    for answer in answers:
        for label, value in answer.items():
            if value is not None:
                votes[label][value] += 1
    if any(count[True] == count[False] != 0 for count in votes.values()):
        return None
    return {label: count[True] > count[False] if count else None for label, count in votes.items()}


# Without a savepoint of its own: an error in here takes the whole answer back.
@transaction.atomic(savepoint=False)
def settle(video: Video) -> Settlement | None:
    """Bring a video's standing settlement and its slots up to date with its answers."""
    video = lock(video.pk)
    return settle_by(video, annotations_of(video))


def lock(video_id: int) -> Video:
    """Return a video as it is now; nobody else settles it until the transaction ends."""
    # No join: a row that was waited for comes with its newest values, a row joined to it does not.
    found = LOCKED.first(id=video_id)
    if found is None:
        raise Video.DoesNotExist(f"There is no video {video_id}.")
    return found


def annotations_of(video: Video) -> list[Annotation]:
    """Return every row that was ever written for a video, in that order."""
    return ANNOTATIONS(video=video.pk)


def settle_by(video: Video, annotations: Iterable[Annotation]) -> Settlement | None:
    """Settle a video that is locked, by all its annotations, whose reader has them at hand."""
    if decision := _decision(video):
        return _record(video, decision.labels(), SettlementMethod.ADJUDICATED, decision.annotations.all())
    answers = _standing(annotations)
    if not answers and (imported := _imported(video)):
        return _record(video, imported.labels(), SettlementMethod.IMPORTED)
    merged = merge(answer.labels() for answer in answers) if answers else None
    _note_dispute(video, is_disputed=bool(answers) and merged is None)
    if merged is None or len(answers) < answers_wanted(video):
        _reopen(video)
        _ask_more(video, len(answers))
        return None
    method = SettlementMethod.SINGLE if len(answers) == 1 else SettlementMethod.AGREED
    return _record(video, merged, method, answers)


def _standing(annotations: Iterable[Annotation]) -> list[Annotation]:
    """Return the answers that `AnnotationQuerySet.standing_for` finds, of the annotations of one video.

    A video has few: reading them all is quicker than composing a query for the newest of each person.
    """
    newest = {row.labeler_id: row for row in annotations if row.picked_by not in (GOLD, REVIEW)}
    return [row for row in newest.values() if row.outcome == Outcome.LABELED]


@transaction.atomic
def record(
    video: Video,
    labels: Mapping[Label, bool | None],
    method: SettlementMethod,
    answers: Iterable[Annotation] = (),
) -> Settlement:
    """Write a settlement and let it stand. One that would change nothing is not written."""
    return _record(video, labels, method, answers)


def _record(
    video: Video,
    labels: Mapping[Label, bool | None],
    method: SettlementMethod,
    answers: Iterable[Annotation] = (),
) -> Settlement:
    answers = list(answers)
    standing = video.settlement
    if standing and standing.method == method and _rests_on(standing, labels, answers):
        return standing
    fields = {label_field(label): value for label, value in labels.items()}
    settlement = Settlement.objects.create(video=video, method=method, **fields)
    rests_on = Settlement.annotations.through
    rests_on.objects.bulk_create(
        rests_on(settlement_id=settlement.pk, annotation_id=answer.pk) for answer in answers
    )
    _let_stand(video, settlement)
    _note_dispute(video, is_disputed=False)
    ASK_NOBODY(video=video.pk)
    return settlement


def _rests_on(standing: LabelSet, labels: Mapping[Label, bool | None], answers: list[Annotation]) -> bool:
    same_answers = {a.pk for a in standing.annotations.all()} == {a.pk for a in answers}  # type: ignore[attr-defined]
    return same_answers and standing.labels() == {label: labels.get(label) for label in V5_LABELS}


def _let_stand(video: Video, settlement: Settlement | None) -> None:
    LET_STAND(id=video.pk, settlement=settlement and settlement.pk)
    video.settlement = settlement


@transaction.atomic
def decide(video: Video, annotation: Annotation) -> Settlement:
    """Let what a reviewer said count, whatever others said or will say.

    A slot they hold of it closes, too: they are not asked as a labeler what they just decided.
    """
    own = Slot.objects.filter(video=video, labeler=annotation.labeler, state=SlotState.HELD, is_gold=False)
    own.update(**queue.CLOSED)
    return _record(lock(video.pk), annotation.labels(), SettlementMethod.ADJUDICATED, [annotation])


def _decision(video: Video) -> Settlement | None:
    """Return the newest decision of a reviewer that was not taken back; none if answers settled it."""
    if not (video.settlement and video.settlement.method == SettlementMethod.ADJUDICATED):
        return None
    taken_back = Annotation.objects.filter(
        replaces=OuterRef("annotations"), outcome__in=[Outcome.UNDONE, Outcome.VOIDED]
    )
    decisions = video.settlements.filter(method=SettlementMethod.ADJUDICATED)
    found: Settlement | None = decisions.exclude(Exists(taken_back)).order_by("-pk").first()
    return found


def _imported(video: Video) -> Settlement | None:
    """Return the labels the video came with, on nobody's word here: they count while nobody answers."""
    brought = video.settlements.filter(method=SettlementMethod.IMPORTED, annotations=None)
    found: Settlement | None = brought.order_by("-pk").first()
    return found


def _note_dispute(video: Video, *, is_disputed: bool) -> None:
    """Write down since when the answers contradict each other: reviewers find such videos by it."""
    if is_disputed != (video.disputed_at is not None):
        Video.objects.filter(pk=video.pk).update(disputed_at=timezone.now() if is_disputed else None)


def _reopen(video: Video) -> None:
    """Say that nothing counts any more, if something did."""
    if video.settlement is not None:
        Settlement.objects.create(video=video, method=SettlementMethod.REOPENED)
        _let_stand(video, None)


def _ask_more(video: Video, num_answers: int) -> None:
    """Open a place for one more answer unless one is open, a reviewer must decide, or it was withdrawn."""
    open_states = [SlotState.FREE, SlotState.HELD, SlotState.KEPT]
    if video.is_withdrawn or num_answers >= SiteSettings.current().max_answers:
        return
    slots = Slot.objects.filter(video=video, is_gold=False)
    if slots.filter(state__in=open_states).exists():
        return
    closed = slots.filter(state=SlotState.OUT).order_by("n").first()
    if closed:
        Slot.objects.filter(pk=closed.pk).update(**queue.FREED)
    else:
        queue.open_slot(video)


def answers_wanted(video: Video) -> int:
    """Return how many people are to answer: two for the overlap's share, once there are two people.

    Never more than may answer at all.
    """
    site = SITE.first()
    share = site.overlap_percent / 100 if site and site.max_answers > 1 else 0
    if not share or splits.fraction(f"overlap:{video.key}") >= share:
        return 1
    recently = timezone.now() - ACTIVE_WITHIN
    people = Annotation.objects.filter(created_at__gte=recently).values("labeler").distinct()[:2].count()
    return 2 if people == 2 else 1
