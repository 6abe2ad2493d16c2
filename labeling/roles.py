"""Who may do what: three groups of people, each with what the one before has."""

from typing import Any

from django.db import connection

LABELER = "labeler"
REVIEWER = "reviewer"
ADMIN = "admin"

_LABELER = ["labeling.label_video", "labeling.collect_post"]
_REVIEWER = [*_LABELER, "labeling.review_video"]
_ADMIN = [*_REVIEWER, "training.export_batch", "inference.promote_model"]
PERMISSIONS = {LABELER: _LABELER, REVIEWER: _REVIEWER, ADMIN: _ADMIN}
ADMIN_APPS = ("auth", "labeling", "inference", "training", "simple_history")


# One statement where Django asks two and composes both anew: each request of the API begins with it.
HAS = """
SELECT 1 FROM auth_permission permission
JOIN django_content_type kind ON kind.id = permission.content_type_id
WHERE kind.app_label = %s AND permission.codename = %s AND (
  EXISTS (
    SELECT 1 FROM auth_group_permissions ours
    JOIN auth_user_groups theirs ON theirs.group_id = ours.group_id
    WHERE ours.permission_id = permission.id AND theirs.user_id = %s
  ) OR EXISTS (
    SELECT 1 FROM auth_user_user_permissions own
    WHERE own.permission_id = permission.id AND own.user_id = %s
  )
)
"""


def has(user: Any, permission: str) -> bool:
    """Tell whether `user` has `permission`, as `user.has_perm` does."""
    if not user.is_active or user.is_superuser:
        return bool(user.is_active)
    app, codename = permission.split(".")
    with connection.cursor() as cursor:
        cursor.execute(HAS, [app, codename, user.pk, user.pk])
        return cursor.fetchone() is not None


def install(group_model: Any, permission_model: Any) -> None:
    """Create the groups and give them their permissions. Safe to run again."""
    for role, names in PERMISSIONS.items():
        group, _ = group_model.objects.get_or_create(name=role)
        codenames = [name.split(".")[1] for name in names]
        group.permissions.add(*permission_model.objects.filter(codename__in=codenames))
    everything = permission_model.objects.filter(content_type__app_label__in=ADMIN_APPS)
    group_model.objects.get(name=ADMIN).permissions.add(*everything)
