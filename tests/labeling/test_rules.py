"""The triggers: rows that never change, splits that are never moved, whoever writes the SQL."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.test import Client

from labeling import triggers
from labeling.models import Annotation, DuplicateGroup, Evidence, Settlement, Split, Video
from tests.factories import (
    make_annotation,
    make_batch,
    make_evidence,
    make_group,
    make_settlement,
    make_superuser,
    make_user,
    make_video,
)
from training.models import BatchItem, TrainingBatch, Withdrawal

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def annotation() -> Annotation:
    return make_annotation(make_video(), make_user())


def settlement() -> Settlement:
    return make_settlement(make_video(), ai_gen=True)


def batch_item() -> BatchItem:
    return make_batch(settlements=[settlement()]).items.get()


def withdrawal() -> Withdrawal:
    return Withdrawal.objects.create(video=make_video(), reason="asked to")


def evidence() -> Evidence:
    return make_evidence(annotation(), quote="Made this with Veo")


def batch() -> TrainingBatch:
    return make_batch()


def support() -> Model:
    answer = annotation()
    make_settlement(answer.video, annotations=[answer])
    return Settlement.annotations.through._default_manager.get()


FROZEN = [
    pytest.param(annotation, {"note": "changed"}, "Annotations are append-only", id="annotation"),
    pytest.param(settlement, {"ai_gen": False}, "Settlements are immutable", id="settlement"),
    pytest.param(batch_item, {"split": "test"}, "Batch items are immutable", id="batch item"),
    pytest.param(withdrawal, {"reason": "changed"}, "Withdrawals are append-only", id="withdrawal"),
    pytest.param(evidence, {"kind": "other"}, "Evidence is append-only", id="evidence"),
    pytest.param(batch, {"num_train": 7}, "An exported batch never changes", id="batch"),
    pytest.param(support, {"annotation_id": 0}, "What a settlement rests on", id="what it rests on"),
]


@pytest.mark.parametrize(("make", "change", "message"), FROZEN)
def test_frozen_row_cannot_be_updated(
    make: Callable[[], Model], change: dict[str, object], message: str
) -> None:
    row = make()

    with pytest.raises(IntegrityError, match=message), transaction.atomic():
        type(row)._default_manager.filter(pk=row.pk).update(**change)

    assert type(row)._default_manager.filter(pk=row.pk, **change).count() == 0


@pytest.mark.parametrize(("make", "change", "message"), FROZEN)
def test_frozen_row_cannot_be_deleted(
    make: Callable[[], Model], change: dict[str, object], message: str
) -> None:
    row = make()

    with (
        pytest.raises(IntegrityError, match=message),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"DELETE FROM {row._meta.db_table} WHERE id = %s", [row.pk])

    assert type(row)._default_manager.filter(pk=row.pk).exists()


@pytest.mark.parametrize(("make", "change", "message"), FROZEN)
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="Only SQLite has REPLACE.")
def test_frozen_row_cannot_be_replaced(
    make: Callable[[], Model], change: dict[str, object], message: str
) -> None:
    row = make()
    table = row._meta.db_table

    with (
        pytest.raises(IntegrityError, match=f"{message}|takes no more items"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} WHERE id = %s", [row.pk])


@pytest.mark.parametrize("make", [make_video, make_group])
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="Only SQLite has REPLACE.")
def test_what_has_a_split_cannot_be_replaced(make: Callable[..., Video | DuplicateGroup]) -> None:
    row = make(split=Split.TRAIN)
    table = row._meta.db_table

    with pytest.raises(IntegrityError, match="stays"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"REPLACE INTO {table} SELECT * FROM {table} WHERE id = %s", [row.pk])


@pytest.mark.parametrize("make", [make_video, make_group])
def test_what_has_a_split_cannot_be_deleted_and_come_back_with_another(
    make: Callable[..., Video | DuplicateGroup],
) -> None:
    row = make(split=Split.TRAIN)

    with (
        pytest.raises(IntegrityError, match="stays"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"DELETE FROM {row._meta.db_table} WHERE id = %s", [row.pk])

    assert type(row).objects.filter(pk=row.pk).exists()


@pytest.mark.postgres
@pytest.mark.parametrize("rule", [r for r in triggers.ALL if "truncate" in r.events], ids=lambda r: r.table)
def test_frozen_table_cannot_be_emptied(rule: triggers.Frozen) -> None:
    with (
        pytest.raises(IntegrityError, match=rule.message),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"TRUNCATE {rule.table} CASCADE")


@pytest.mark.parametrize("field", ["slug", "digest", "manifest_name", "label_counts", "exported_at", "state"])
def test_exported_batch_keeps_each_column_that_says_what_it_is(field: str) -> None:
    row = batch()
    kept = getattr(row, field)

    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        TrainingBatch.objects.filter(pk=row.pk).update(**{field: kept})


def test_exported_batch_takes_no_more_items() -> None:
    row = make_batch(settlements=[settlement()])

    with pytest.raises(IntegrityError, match="takes no more items"), transaction.atomic():
        BatchItem.objects.create(batch=row, settlement=settlement(), split="train")

    assert row.items.count() == 1


def test_batch_may_change_until_it_is_exported() -> None:
    row = TrainingBatch.objects.create(slug="v5.0")

    TrainingBatch.objects.filter(pk=row.pk).update(num_train=7)
    row.delete()

    assert not TrainingBatch.objects.exists()


def test_person_who_exported_a_batch_may_go() -> None:
    user = make_user()
    row = make_batch(created_by=user)

    user.delete()

    row.refresh_from_db()
    assert row.created_by is None


def test_person_who_withdrew_a_video_may_go(client: Client) -> None:
    client.force_login(make_superuser())
    user = make_user()
    row = Withdrawal.objects.create(video=make_video(), reason="asked to", withdrawn_by=user)

    client.post(f"/admin/auth/user/{user.pk}/delete/", {"post": "yes"})

    row.refresh_from_db()
    assert (row.withdrawn_by, row.reason) == (None, "asked to")
    assert not User.objects.filter(pk=user.pk).exists()


@pytest.mark.parametrize("is_signed", [True, False])
def test_withdrawal_is_nobody_elses(is_signed: bool) -> None:
    ana, ben = make_user("ana"), make_user("ben")
    row = Withdrawal.objects.create(video=make_video(), withdrawn_by=ana if is_signed else None)

    with pytest.raises(IntegrityError, match="kept or forgotten"), transaction.atomic():
        Withdrawal.objects.filter(pk=row.pk).update(withdrawn_by=ben)

    row.refresh_from_db()
    assert row.withdrawn_by == (ana if is_signed else None)


@pytest.mark.parametrize("field", ["id", "video", "reason", "is_purged", "created_at"])
def test_withdrawal_keeps_each_column_that_says_what_it_is(field: str) -> None:
    row = withdrawal()

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Withdrawal.objects.filter(pk=row.pk).update(**{field: getattr(row, field)})


def test_quote_is_emptied_and_never_rewritten() -> None:
    row = evidence()

    with pytest.raises(IntegrityError, match="never rewritten"), transaction.atomic():
        Evidence.objects.filter(pk=row.pk).update(quote="Filmed it")
    Evidence.objects.filter(pk=row.pk).update(quote="")

    row.refresh_from_db()
    assert row.quote == ""


@pytest.mark.parametrize("other", [Split.TEST, None])
@pytest.mark.parametrize("make", [make_video, make_group])
def test_split_that_is_set_never_changes(
    make: Callable[..., Video | DuplicateGroup], other: str | None
) -> None:
    row = make(split=Split.TRAIN)

    with pytest.raises(IntegrityError, match="split that is set never changes"), transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(split=other)

    row.refresh_from_db()
    assert row.split == Split.TRAIN


def test_withdrawn_video_stays_withdrawn() -> None:
    video = make_video(is_withdrawn=True)

    with pytest.raises(IntegrityError, match="stays withdrawn"), transaction.atomic():
        Video.objects.filter(pk=video.pk).update(is_withdrawn=False)

    video.refresh_from_db()
    assert video.is_withdrawn


def test_split_is_set_once() -> None:
    video = make_video(is_ready=False)

    Video.objects.filter(pk=video.pk).update(split=Split.VALIDATION)

    video.refresh_from_db()
    assert video.split == Split.VALIDATION


def test_row_whose_split_stays_may_be_saved() -> None:
    group = make_group(Split.TEST)

    group.save()

    assert DuplicateGroup.objects.get() == group


def test_video_without_a_split_may_be_deleted() -> None:
    make_video(is_ready=False).delete()

    assert not Video.objects.exists()


def test_rules_can_be_taken_away_and_put_back() -> None:
    row = annotation()
    editor = connection.schema_editor()
    triggers.uninstall(editor, triggers.LABELING)
    Annotation.objects.filter(pk=row.pk).update(note="changed")

    triggers.install(editor, triggers.LABELING)

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Annotation.objects.filter(pk=row.pk).update(note="again")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_rules_outlast_the_flush_between_tests() -> None:
    annotation()

    call_command("flush", interactive=False, verbosity=0)

    assert not Annotation.objects.exists()
    with pytest.raises(IntegrityError, match="append-only"):
        Annotation.objects.filter(pk=annotation().pk).update(note="changed")
