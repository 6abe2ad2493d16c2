"""What a CSV says of a post's video, kept with the post until there is a video of which it can count."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth import get_user_model

from cakelens.labels import Label
from labeling import settling
from labeling.models import (
    Annotation,
    Evidence,
    Outcome,
    Post,
    SettlementMethod,
    Video,
    label_field,
)

PICKED_BY = "csv"

Labels = Mapping[Label, bool | None]


def keep(labels: Labels, evidence: Sequence[Mapping[str, Any]], user: Any) -> dict[str, Any]:
    """Return what `Post.brought` holds; nothing if AI_GEN is not judged: then nothing would count."""
    if labels.get(Label.AI_GEN) is None:
        return {}
    judged = {str(label): value for label, value in labels.items() if value is not None}
    return {"labels": judged, "evidence": list(evidence), "by": user.pk if user else None}


def settle(video: Video) -> bool:
    """Let what was brought with a post count for its only video; False if it does not.

    It does not where somebody has judged the video already, nor where a post has several: which of them
    the row meant, nobody can tell.
    """
    said = Post.objects.values_list("brought", flat=True).get(pk=video.post_id)
    is_judged = video.settlement_id is not None or video.annotations.exists()
    if not said or is_judged or Video.objects.filter(post=video.post_id).count() != 1:
        return False
    labels = {Label(name): value for name, value in said["labels"].items()}
    settling.record(video, labels, SettlementMethod.IMPORTED, _answers(video, said, labels))
    return True


def _answers(video: Video, said: Mapping[str, Any], labels: Labels) -> list[Annotation]:
    """Write evidence down as its bringer's answer; without any, the settlement rests on nobody's."""
    bringer = get_user_model()._default_manager.filter(pk=said["by"]).first()
    if not said["evidence"] or bringer is None:
        return []
    fields = {label_field(label): value for label, value in labels.items()}
    annotation = Annotation.objects.create(
        video=video, labeler=bringer, outcome=Outcome.LABELED, picked_by=PICKED_BY, **fields
    )
    Evidence.objects.bulk_create(Evidence(annotation=annotation, **item) for item in said["evidence"])
    return [annotation]
