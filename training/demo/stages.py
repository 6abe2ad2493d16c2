"""The demo's stages: each does one step of the loop, through the code that people use."""

import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cakelens.labels import GENERATORS, Label
from inference.models import Prediction
from labeling import answering, queue
from labeling.answering import Answer, EvidenceItem
from labeling.collecting import importing, labels_csv
from labeling.models import Annotation, EvidenceKind, SiteSettings, SkipReason, Slot, SlotState, Video

NUM_CLIPS = 160
TEST_PERCENT = 25
LEFT_TO_LABEL = 0.1
"""The share of clips that nobody labels: somebody who opens /label/ afterwards has something to do."""

SPLIT_KEY = "demo"
LABELS = "videos.csv"

Truth = dict[str, dict[Label, bool | None]]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the models before and after a promotion say of one video."""

    name: str
    truth: bool | None
    before: float | None
    after: float | None


def environment(base: Path) -> dict[str, str]:
    """Return the environment of the demo: its own folder and key, and none of a server's services."""
    # Progress bars and log lines would tear each other apart.
    own = {"VAR_DIR": str(base / "var" / "demo"), "SPLIT_KEY": SPLIT_KEY, "LOG_LEVEL": "WARNING"}
    none = dict.fromkeys(("DATABASE_URL", "REDIS_URL", "S3_BUCKET", "MEDIA_ROOT"), "")
    return os.environ | own | none


def set_aside(folder: Path) -> None:
    """Start afresh. What an earlier demo left, and what people added to it, is kept once beside it."""
    if folder.exists():
        previous = folder.with_name("demo.previous")
        shutil.rmtree(previous, ignore_errors=True)
        folder.rename(previous)


def prepare_site() -> None:
    """Take a quarter for the test set: ten percent of so few clips would measure nothing."""
    SiteSettings.objects.update_or_create(pk=1, defaults={"test_percent": TEST_PERCENT})


def truth_of(folder: Path) -> Truth:
    """Return what `videos.csv` says of each file.

    Raises:
        BadCsv: It is missing, or nothing can be made of it.
    """
    return {name: clip.labels for name, clip in labels_csv.read(folder / LABELS).items()}


def collect(folder: Path) -> list[importing.Item]:
    """List the clips to import. Their labels stay out: the scripted labeler answers as a person would.

    Raises:
        NothingToImport: The folder holds no clip, or no row of its CSV is of use.
        BadCsv: Nothing can be made of the CSV.
    """
    items = importing.plan(folder, folder / LABELS)
    return [replace(item, labels={}) for item in items]


def num_to_label() -> int:
    return Video.objects.ready().count() - num_left()


def num_left() -> int:
    return max(2, round(Video.objects.ready().count() * LEFT_TO_LABEL))


def label(user: Any, truth: Truth) -> Iterator[Annotation]:
    """Answer clip after clip as a person does: claim, judge, submit. Leave a few that show suggestions."""
    hidden = _set_apart(num_left())
    try:
        while slots := queue.claim(user):
            yield _answer(user, slots[0].claim, truth.get(file_of(slots[0].video), {}))
    finally:
        Slot.objects.filter(pk__in=hidden).update(state=SlotState.FREE)


def _set_apart(count: int) -> list[int]:
    """Keep some clips out of the queue for now: of the training split, not blind."""
    slots = Slot.objects.filter(state=SlotState.FREE, video__split="train", video__is_blind=False)
    pks = list(slots.order_by("priority").values_list("pk", flat=True)[:count])
    Slot.objects.filter(pk__in=pks).update(state=SlotState.OUT)
    return pks


def _answer(user: Any, claim: uuid.UUID | None, labels: dict[Label, bool | None]) -> Annotation:
    assert claim is not None  # a held slot has one
    if labels.get(Label.AI_GEN) is None:
        return answering.skip(user, claim, SkipReason.CANNOT_TELL)
    positive = [label for label in (Label.AI_GEN, *GENERATORS) if labels.get(label)]
    evidence = [EvidenceItem(positive, EvidenceKind.ARTEFACTS)] if positive else []
    return answering.submit(user, claim, Answer(labels, evidence, seconds=1.0))


def file_of(video: Video) -> str:
    return str(video.post.metadata["file"])


def opinions(before: dict[int, float], truth: Truth, *, most: int = 6) -> list[Opinion]:
    """Return what is said of the clips nobody labeled, before and after the promotion."""
    waiting = Video.objects.ready().unsettled().select_related("post").order_by("pk")[:most]
    after = served()
    return [
        Opinion(
            file_of(video),
            truth.get(file_of(video), {}).get(Label.AI_GEN),
            before.get(video.pk),
            after.get(video.pk),
        )
        for video in waiting
    ]


def served() -> dict[int, float]:
    """Return the probability of AI_GEN that pages show, by video."""
    return dict(Prediction.objects.served().values_list("video", "ai_gen"))
