"""Who may do what: three groups of people, each with what the one before has."""

from typing import Any

LABELER = "labeler"
REVIEWER = "reviewer"
ADMIN = "admin"

_LABELER = ["labeling.label_video", "labeling.collect_post"]
_REVIEWER = [*_LABELER, "labeling.review_video"]
_ADMIN = [*_REVIEWER, "training.export_batch", "inference.promote_model"]
PERMISSIONS = {LABELER: _LABELER, REVIEWER: _REVIEWER, ADMIN: _ADMIN}
ADMIN_APPS = ("auth", "labeling", "inference", "training", "simple_history")


def install(group_model: Any, permission_model: Any) -> None:
    """Create the groups and give them their permissions. Safe to run again."""
    for role, names in PERMISSIONS.items():
        group, _ = group_model.objects.get_or_create(name=role)
        codenames = [name.split(".")[1] for name in names]
        group.permissions.add(*permission_model.objects.filter(codename__in=codenames))
    everything = permission_model.objects.filter(content_type__app_label__in=ADMIN_APPS)
    group_model.objects.get(name=ADMIN).permissions.add(*everything)
