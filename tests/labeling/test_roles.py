import pytest
from django.contrib.auth.models import Group, Permission, User

from labeling import roles
from tests.factories import make_superuser, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

EVERYBODY = {"labeling.label_video", "labeling.collect_post"}
REVIEWERS = EVERYBODY | {"labeling.review_video"}
ADMINS = REVIEWERS | {"training.export_batch", "inference.promote_model"}


def test_migrations_make_the_three_groups() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == {"labeler", "reviewer", "admin"}


@pytest.mark.parametrize(
    ("role", "permissions"), [("labeler", EVERYBODY), ("reviewer", REVIEWERS), ("admin", ADMINS)]
)
def test_role_has_what_the_one_before_has_and_more(role: str, permissions: set[str]) -> None:
    user = make_user(role=role)

    assert user.get_all_permissions() & ADMINS == permissions


def test_only_the_admin_may_change_rows_by_hand() -> None:
    may_change = {
        role: make_user(role, role).has_perm("labeling.change_sitesettings") for role in roles.PERMISSIONS
    }

    assert may_change == {"labeler": False, "reviewer": False, "admin": True}


def test_admin_may_see_the_history_of_the_settings() -> None:
    assert make_user(role="admin").has_perm("labeling.view_historicalsitesettings")


def test_installing_again_restores_what_was_lost() -> None:
    Group.objects.get(name="reviewer").permissions.clear()
    Group.objects.get(name="labeler").delete()

    roles.install(Group, Permission)

    assert Group.objects.count() == 3
    assert make_user(role="reviewer").has_perms(REVIEWERS)


def test_somebody_without_a_role_may_do_nothing() -> None:
    assert make_user(role=None).get_all_permissions() == set()


def test_superuser_may_do_everything() -> None:
    assert User.objects.create_superuser("root").has_perms(ADMINS)


@pytest.mark.parametrize("permission", ["labeling.label_video", "labeling.review_video", "labeling.no_such"])
@pytest.mark.parametrize("role", [None, "labeler", "reviewer", "admin"])
def test_has_says_what_django_says(role: str | None, permission: str) -> None:
    user = make_user("ana", role=role)

    assert roles.has(user, permission) == user.has_perm(permission)


def test_has_knows_own_permissions_superusers_and_closed_accounts() -> None:
    own, root, closed = make_user("own", role=None), make_superuser(), make_user("closed", is_active=False)
    own.user_permissions.add(Permission.objects.get(codename="label_video"))

    found = [roles.has(user, "labeling.label_video") for user in (own, root, closed)]

    assert found == [True, True, False]
