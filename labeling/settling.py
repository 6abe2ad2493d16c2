"""From answers to the labels that count.

Each person's latest answer counts unless it was undone or voided. One answer settles a video that wants
one; several settle it when they agree per label, else one more is asked, up to the maximum, and then a
reviewer decides.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from cakelens.labels import V5_LABELS, Label
from labeling import queue
from labeling.collecting import splits
from labeling.models import (
    Annotation,
    LabelSet,
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


def merge(answers: Iterable[Mapping[Label, bool | None]]) -> Labels | None:
    """Return the labels several answers agree on; None if any label is judged both ways.

    A label that only some judged takes their judgement.
    """
    judged: dict[Label, set[bool]] = {label: set() for label in V5_LABELS}
    for answer in answers:
        for label, value in answer.items():
            if value is not None:
                judged[label].add(value)
    if any(len(values) > 1 for values in judged.values()):
        return None
    return {label: next(iter(values), None) for label, values in judged.items()}


@transaction.atomic
def settle(video: Video) -> Settlement | None:
    """Bring a video's standing settlement and its slots up to date with its answers."""
    # No join: a row that was waited for comes with its newest values, a row joined to it does not.
    video = Video.objects.select_for_update().get(pk=video.pk)
    if video.settlement and video.settlement.method == SettlementMethod.ADJUDICATED:
        return video.settlement
    answers = list(Annotation.objects.standing_for(video))
    merged = merge(answer.labels() for answer in answers) if answers else None
    if merged is None or len(answers) < answers_wanted(video):
        _reopen(video)
        _ask_more(video, len(answers))
        return None
    method = SettlementMethod.SINGLE if len(answers) == 1 else SettlementMethod.AGREED
    return record(video, merged, method, answers)


@transaction.atomic
def record(
    video: Video,
    labels: Mapping[Label, bool | None],
    method: SettlementMethod,
    answers: Iterable[Annotation] = (),
) -> Settlement:
    """Write a settlement and let it stand. One that would change nothing is not written."""
    answers = list(answers)
    standing = video.settlement
    if standing and standing.method == method and _rests_on(standing, labels, answers):
        return standing
    fields = {label_field(label): value for label, value in labels.items()}
    settlement = Settlement.objects.create(video=video, method=method, **fields)
    settlement.annotations.set(answers)
    _let_stand(video, settlement)
    Slot.objects.filter(video=video, state=SlotState.FREE).update(state=SlotState.OUT)
    return settlement


def _rests_on(standing: LabelSet, labels: Mapping[Label, bool | None], answers: list[Annotation]) -> bool:
    same_answers = {a.pk for a in standing.annotations.all()} == {a.pk for a in answers}  # type: ignore[attr-defined]
    return same_answers and standing.labels() == {label: labels.get(label) for label in V5_LABELS}


def _let_stand(video: Video, settlement: Settlement | None) -> None:
    Video.objects.filter(pk=video.pk).update(settlement=settlement)
    video.settlement = settlement


def _reopen(video: Video) -> None:
    """Say that nothing counts any more, if something did."""
    if video.settlement is not None:
        Settlement.objects.create(video=video, method=SettlementMethod.REOPENED)
        _let_stand(video, None)


def _ask_more(video: Video, num_answers: int) -> None:
    """Open a place for one more answer unless one is open, or a reviewer must decide."""
    open_states = [SlotState.FREE, SlotState.HELD]
    if num_answers >= SiteSettings.current().max_answers:
        return
    if Slot.objects.filter(video=video, state__in=open_states).exists():
        return
    closed = Slot.objects.filter(video=video, state=SlotState.OUT).order_by("n").first()
    if closed:
        Slot.objects.filter(pk=closed.pk).update(**queue.FREED)
    else:
        queue.open_slot(video)


def answers_wanted(video: Video) -> int:
    """Return how many people are to answer: two for the overlap's share, once there are two people."""
    share = SiteSettings.current().overlap_percent / 100
    if not share or splits.fraction(f"overlap:{video.key}") >= share:
        return 1
    recently = timezone.now() - ACTIVE_WITHIN
    people = Annotation.objects.filter(created_at__gte=recently).values("labeler").distinct()[:2].count()
    return 2 if people == 2 else 1
