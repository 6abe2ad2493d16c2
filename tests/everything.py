"""A site with one of everything on it, for tests that look at every page."""

import struct
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from cakelens.labels import V5_LABELS, Label
from inference.models import ModelVersion
from labeling import bulk, settling, voiding
from labeling.bulk import Change
from labeling.models import BulkEdit, GoldAnswer, ReviewOutcome, Video, Voiding, XPause
from tests import factories
from tests.growth import SIZES, grow, keep_figures
from training.models import ExportJob, TrainingBatch

AUC: dict[str, Any] = {"auc": 0.931, "auc_interval": [0.9, 0.96]}
PART = AUC | {"baseline_auc": 0.55, "positives": 1200, "negatives": 2100, "recall": 0.8, "false_alarms": 0.1}
PAIR = {
    "num_videos": 5120,
    "auc_difference": 0.082,
    "auc_difference_interval": [0.03, 0.12],
    "only_ours_right": 1061,
    "only_theirs_right": 22,
    "mcnemar_p": 0.021,
}
LABEL = AUC | {
    "positives": 1200,
    "negatives": 3920,
    "ap": 0.88,
    "ap_interval": [0.8, 0.93],
    "at_half": {"threshold": 0.5, "precision": 0.8, "recall": 0.7},
    "at_chosen": {"threshold": 0.41, "precision": 0.78, "recall": 0.8},
    "reason": None,
}
TEST = {"num_videos": 5120, "labels": {"AI_GEN": LABEL}}
SLICED = TEST | {"slices": [PART | {"kind": "generator", "name": "KLING"}]}
LADDER = [{"quality": 28} | AUC]
METRICS = AUC | {
    "batch": "v5.7",
    "evaluation": {"test": TEST, "baseline": {"auc": 0.66, "auc_interval": [0.6, 0.71], "reason": None}},
    "evaluations": {"v5.7": {"framesets": 80, "test": SLICED, "ladder": LADDER, "paired": {"old": PAIR}}},
}
CURVE = {"stretch": 10, "points": [[step * 10, 0.2 + 0.5 * 0.97**step] for step in range(60)]}


@dataclass(frozen=True, slots=True)
class Everything:
    """The rows that addresses name."""

    admin: User
    labeler: User
    video: Video
    outcome: ReviewOutcome
    edit: BulkEdit
    voiding: Voiding
    batch: TrainingBatch
    export: ExportJob


def build() -> Everything:
    """Fill every table that a page shows."""
    admin, labeler = factories.make_user("ana", role="admin"), factories.make_user("ben")
    batch = _batches("ana", "ben")[-1]
    video = _disputed(admin, labeler)
    outcome = _reviewed(admin, labeler)
    _suggest(factories.make_video(duration_seconds=12.345, priority=100))  # the next one to label
    _collecting()
    XPause.start(timezone.now() + timedelta(hours=30), "Too many requests.")
    export = ExportJob.objects.create(slug="v5.8")
    return Everything(admin, labeler, video, outcome, *_acts(admin, labeler), batch, export)


def _batches(*people: str) -> list[TrainingBatch]:
    batches = grow(*SIZES)
    keep_figures(batches[-1], 4180, *people)
    done = {"state": "done", "num_steps": 6000, "step": 6000, "loss_first": 0.7, "loss_last": 0.2135}
    factories.make_run(batches[-1], metrics={"curve": CURVE}, **done)
    going = {"state": "running", "num_steps": 6000, "step": 1500, "eta_seconds": 5000}
    factories.make_run(batches[-1], lease_until=timezone.now() + timedelta(minutes=5), **going)
    config = {"architecture": "tiny", "learning_rate": 0.0003, "window": 1024}
    factories.make_model("old", batch_digest=batches[-2].digest, metrics=AUC)
    factories.make_model(
        "new", is_current=True, batch_digest=batches[-1].digest, metrics=METRICS, config=config
    )
    return batches


def _disputed(*people: User) -> Video:
    """Make a video that a model judged with framesets, and that its labelers do not agree on."""
    video = factories.make_video(duration_seconds=12.345, num_slots=2)
    factories.make_variant(video, width=1920, height=1080, fps=29.97, bit_rate_bps=2_176_000)
    said, denied = people
    answer = factories.make_annotation(video, said, sora=True, seconds=14.25, note="Its hands.")
    factories.make_evidence(answer, Label.SORA, quote="Made with Sora", at_seconds=11.5)
    factories.make_annotation(video, denied, ai_gen=False, seconds=16.125)
    settling.settle(video)
    _suggest(video)
    return video


def _suggest(video: Video) -> None:
    """Let the model that suggests have seen framesets of a video, and have a highest score in it."""
    scores = [0.31, 0.42, 0.87, 0.93, 0.55]
    prediction = factories.make_prediction(video, ModelVersion.objects.get(slug="new"), num_framesets=5)
    rows = [score for score in scores for _ in V5_LABELS]
    starts = [12.345 * place / len(scores) for place in range(len(scores))]
    factories.make_scores(
        prediction, struct.pack(f"<{len(rows)}e", *rows), struct.pack(f"<{len(starts)}f", *starts)
    )


def _reviewed(reviewer: User, labeler: User) -> ReviewOutcome:
    """Make a video that is gold, that a labeler asked about, and that a reviewer judged."""
    video = factories.make_video(duration_seconds=31.5)
    asked = factories.make_annotation(
        video, labeler, veo=True, picked_by="gold", seconds=23.5, question="Is a face swap AI_GEN?"
    )
    factories.make_settlement(video, veo=True, annotations=[asked])
    GoldAnswer.objects.create(video=video, added_by=reviewer, ai_gen=True, veo=True)
    outcome: ReviewOutcome = ReviewOutcome.objects.create(
        video=video, model_slug="new", finding="model_wrong", reviewer=reviewer, annotation=asked
    )
    return outcome


def _acts(reviewer: User, labeler: User) -> tuple[BulkEdit, Voiding]:
    """Let a reviewer label many videos, and declare answers void."""
    videos = [factories.make_video() for _ in range(12)]
    for video in videos:
        factories.make_settlement(video, annotations=[factories.make_annotation(video, labeler, seconds=12)])
    chosen = Video.objects.filter(pk__in=[video.pk for video in videos])
    edit = bulk.apply(reviewer, chosen, Change({Label.AI_GEN: False}))
    long_ago = timezone.now() - timedelta(days=40)
    return edit, voiding.void(reviewer, labeler, long_ago, long_ago + timedelta(days=41), "Tired.")


def _collecting() -> None:
    """Let a post be half stored, and another wait."""
    video = factories.make_video(is_ready=False)
    factories.make_variant(video)
    factories.make_variant(video, is_stored=False, state="waiting")
    factories.make_job(
        attempts=2, failure_message="X said 429.", next_try_at=timezone.now() + timedelta(hours=1)
    )
