"""Rows for tests, made plainly: a test names what it asserts, the rest is filled in.

Everything is written straight into the tables, past the code under test: a ready video has a group, a
split, a stored variant and a free slot, but no file behind it. Label values are given by field name
(`ai_gen=True, sora=True`).
"""

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import Group, User
from django.utils import timezone

from cakelens.labels import V5_LABELS, Label
from inference.models import FramesetScores, ModelVersion, Prediction
from labeling import roles
from labeling.answering import Answer, EvidenceItem
from labeling.models import (
    Annotation,
    CollectJob,
    DuplicateGroup,
    Evidence,
    EvidenceKind,
    Post,
    PostSource,
    Settlement,
    Slot,
    Split,
    Variant,
    Video,
    label_field,
)
from training.models import BatchItem, BatchState, TrainingBatch, TrainingRun

# Far above the numbers that the split ledger deals, so that both may be used in one test.
_numbers = count(1_000_000)


def make_user(username: str = "ana", role: str | None = roles.LABELER, **fields: Any) -> User:
    """Make a person of a role ("labeler", "reviewer", "admin"; None: no rights), without a password."""
    password = fields.pop("password", None)
    user: User = User.objects.create_user(username, password=password, **fields)
    if role is not None:
        user.groups.add(Group.objects.get(name=role))
    return user


def make_superuser(username: str = "root", **fields: Any) -> User:
    return User.objects.create_superuser(username, **fields)


def make_post(x_id: str | None = None, **fields: Any) -> Post:
    """Make a collected post of X by @maker."""
    values = {
        "x_id": x_id or str(next(_numbers)),
        "source": PostSource.X,
        "author_handle": "maker",
        "author_id": "77",
        "text": "Look at this",
        "posted_at": timezone.now() - timedelta(days=3),
        "collected_at": timezone.now(),
    }
    post: Post = Post.objects.create(**values | fields)
    return post


def make_job(**fields: Any) -> CollectJob:
    """Make a leased job: that of collecting a post. `minutes_left`: running, with that much lease left."""
    values: dict[str, Any] = {}
    if "minutes_left" in fields:
        lease_until = timezone.now() + timedelta(minutes=fields.pop("minutes_left"))
        values = {"state": "running", "owner": "a", "attempts": 1, "lease_until": lease_until}
    values["post"] = fields.pop("post", None) or make_post(collected_at=None)
    job: CollectJob = CollectJob.objects.create(**values | fields)
    return job


def make_group(split: str = Split.TRAIN, **fields: Any) -> DuplicateGroup:
    number = next(_numbers)
    return DuplicateGroup.objects.create(
        **{"key": f"group-{number}", "number": number, "split": split} | fields
    )


def make_video(
    *, split: str = Split.TRAIN, is_ready: bool = True, num_slots: int = 1, **fields: Any
) -> Video:
    """Make a video ready to label, with a group, a stored variant and a free slot; or only a bare row."""
    post = fields.pop("post", None) or make_post()
    index = fields.setdefault("index", post.videos.count())
    fields = {"post": post, "key": f"{post.x_id}/{index}", "duration_seconds": 5.0} | fields
    if not is_ready:
        bare: Video = Video.objects.create(**fields)
        return bare
    group = fields.pop("group", None) or make_group(split)
    ready = {"group": group, "split": group.split, "is_blind": group.split == Split.TEST}
    video: Video = Video.objects.create(**ready | {"ready_at": timezone.now()} | fields)
    make_variant(video)
    for n in range(1, num_slots + 1):
        make_slot(video, n=n)
    return video


def make_variant(video: Video, *, is_stored: bool = True, **fields: Any) -> Variant:
    """Make a variant of 640×360 whose sha256 is its own; `is_stored=False`: only declared."""
    number = next(_numbers)
    sha256 = fields.get("sha256") or hashlib.sha256(str(number).encode()).hexdigest()
    stored = {
        "state": "stored",
        "sha256": sha256,
        "name": f"videos/{sha256[:2]}/{sha256[2:4]}/{sha256}.mp4",
        "num_bytes": 1000,
        "width": 640,
        "height": 360,
        "fps": 25.0,
        "codec": "h264",
        "bit_rate_bps": 1600,
        "num_frames": 125,
        "duration_seconds": 5.0,
        "stored_at": timezone.now(),
    }
    url = f"https://video.twimg.com/{number}.mp4"
    variant: Variant = Variant.objects.create(
        **{"video": video, "url": url} | (stored if is_stored else {}) | fields
    )
    return variant


def make_slot(video: Video, *, n: int = 1, **fields: Any) -> Slot:
    slot: Slot = Slot.objects.create(**{"video": video, "n": n, "priority": video.priority} | fields)
    return slot


def hold(slot: Slot, user: User, *, minutes: float = 15) -> Slot:
    """Let `user` hold `slot` for `minutes` from now; negative: the lease ran out then."""
    now = timezone.now()
    slot.state, slot.labeler, slot.claim = "held", user, uuid4()
    slot.claimed_at, slot.lease_until = now, now + timedelta(minutes=minutes)
    slot.save()
    return slot


def claim_of(slot: Slot) -> UUID:
    """Return the claim on a slot that somebody holds."""
    assert slot.claim is not None
    return slot.claim


def minutes_left(slot: Slot) -> float:
    """Return how much lease is left on a slot that somebody holds."""
    assert slot.lease_until is not None
    return (slot.lease_until - timezone.now()) / timedelta(minutes=1)


def make_annotation(video: Video, labeler: User, outcome: str = "labeled", **fields: Any) -> Annotation:
    """Make an answer: AI_GEN true unless told otherwise; a skip says it cannot tell."""
    values: dict[str, Any] = {"video": video, "labeler": labeler, "outcome": outcome}
    if outcome == "labeled":
        values["ai_gen"] = True
    if outcome == "skipped":
        values["skip_reason"] = "cannot_tell"
    annotation: Annotation = Annotation.objects.create(**values | fields)
    return annotation


def make_evidence(annotation: Annotation, *labels: Label, kind: str = "author", **fields: Any) -> Evidence:
    return Evidence.objects.create(annotation=annotation, labels=[*map(str, labels)], kind=kind, **fields)


def make_settlement(
    video: Video, *, method: str = "imported", annotations: Iterable[Annotation] = (), **labels: Any
) -> Settlement:
    """Settle `video` and let that stand: AI_GEN true unless told otherwise."""
    settlement: Settlement = Settlement.objects.create(
        video=video, method=method, **{"ai_gen": True} | labels
    )
    settlement.annotations.set(annotations)
    Video.objects.filter(pk=video.pk).update(settlement=settlement)
    video.settlement = settlement
    return settlement


def make_model(slug: str = "tiny-1", *, is_current: bool = False, **fields: Any) -> ModelVersion:
    """Make a trained model; `is_current`: the one that suggests."""
    values = {
        "architecture": "tiny",
        "config": {"architecture": "tiny"},
        "label_order": [*map(str, V5_LABELS)],
        "weights_name": f"models/{slug}.safetensors",
        "weights_sha256": hashlib.sha256(slug.encode()).hexdigest(),
        "is_trained": True,
    }
    model: ModelVersion = ModelVersion.objects.create(slug=slug, is_current=is_current, **values | fields)
    return model


def make_prediction(
    video: Video, model: ModelVersion, *, ai_gen: float = 0.9, is_served: bool = True, **fields: Any
) -> Prediction:
    """Make a prediction with `ai_gen` for AI_GEN and 0.1 for every other label, each ±0.05."""
    probabilities = {str(label): 0.1 for label in V5_LABELS} | {"AI_GEN": ai_gen}
    values = {
        "variant": fields.get("variant") or video.best_variant(),
        "mode": "sampled",
        "probabilities": probabilities,
        "standard_errors": dict.fromkeys(probabilities, 0.05),
        "num_framesets": 8,
        "seconds": 0.5,
        "device": "cpu",
    }
    prediction: Prediction = Prediction.objects.create(
        video=video, model=model, ai_gen=ai_gen, is_served=is_served, **values | fields
    )
    return prediction


def make_scores(prediction: Prediction, scores_float16: bytes, starts_float32: bytes) -> FramesetScores:
    return FramesetScores.objects.create(
        prediction=prediction, scores_float16=scores_float16, starts_float32=starts_float32
    )


def make_batch(slug: str = "v5.0", *, settlements: Iterable[Settlement] = (), **fields: Any) -> TrainingBatch:
    """Make an exported batch of those settlements; its manifest is only a name."""
    exported = {
        "digest": hashlib.sha256(slug.encode()).hexdigest(),
        "manifest_name": f"batches/{slug}.parquet",
        "exported_at": timezone.now(),
    }
    state = fields.pop("state", BatchState.EXPORTED)
    settlements = list(settlements)
    splits = [str(settlement.video.split) for settlement in settlements]
    counts = {f"num_{split}": splits.count(split) for split in Split.values}
    batch: TrainingBatch = TrainingBatch.objects.create(slug=slug, **exported | counts | fields)
    BatchItem.objects.bulk_create(
        BatchItem(batch=batch, settlement=settlement, split=split)
        for settlement, split in zip(settlements, splits, strict=True)
    )
    # An exported batch takes no items.
    batch.state = state
    batch.save(update_fields=["state"])
    return batch


def make_run(batch: TrainingBatch, **fields: Any) -> TrainingRun:
    run: TrainingRun = TrainingRun.objects.create(batch=batch, **{"num_steps": 100} | fields)
    return run


def labels(**values: bool | None) -> dict[Label, bool | None]:
    """Name judgements by field: `labels(ai_gen=True, sora=None)`; the others are not judged."""
    return {label: values[label_field(label)] for label in V5_LABELS if label_field(label) in values}


def make_answer(**values: bool | None) -> Answer:
    """Return an answer by field; what is said to be AI-generated is known by its artefacts."""
    evidence = [EvidenceItem([], EvidenceKind.ARTEFACTS)] if values.get("ai_gen") else []
    return Answer(labels(**values), evidence)
