"""Every row has its page in the admin, and a list of many costs what a list of one does."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cakelens.labels import V5_LABELS
from inference.models import FramesetScores, ModelVersion, Prediction, PredictJob, VideoScores
from labeling import models as labeling
from tests import factories
from training.models import BatchItem, ExportJob, TrainingBatch, TrainingRun, Withdrawal

pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.embedded]

numbers = count(1)


def user() -> User:
    return factories.make_user(f"person-{next(numbers)}")


def prediction() -> Prediction:
    return factories.make_prediction(factories.make_video(), factories.make_model(f"model-{next(numbers)}"))


def annotation() -> labeling.Annotation:
    return factories.make_annotation(factories.make_video(), user())


def batch() -> TrainingBatch:
    return factories.make_batch(f"v{next(numbers)}")


def batch_item() -> None:
    settlement = factories.make_settlement(factories.make_video())
    factories.make_batch(f"v{next(numbers)}", settlements=[settlement])


def variant_job() -> None:
    labeling.VariantJob.objects.create(variant=factories.make_variant(factories.make_video()))


def review() -> None:
    labeling.ReviewOutcome.objects.create(
        video=factories.make_video(), model_slug="v5", finding="ambiguous", reviewer=user()
    )


def record() -> None:
    labeling.IdempotencyRecord.objects.create(user=user(), key="k", body_sha256="", status=201, reply={})


def gold() -> None:
    labeling.GoldAnswer.objects.create(video=factories.make_video(), added_by=user(), ai_gen=True)


def bulk_edit() -> None:
    labeling.BulkEdit.objects.create(by=user(), labels={"AI_GEN": True}, num_videos=3)


def voiding() -> None:
    now = timezone.now()
    labeling.Voiding.objects.create(
        by=user(), labeler=user(), since=now - timedelta(days=1), until=now, reason="asleep"
    )


def reply() -> None:
    labeling.QuestionReply.objects.create(annotation=annotation(), text="It is one.", reviewer=user())


def video_scores() -> None:
    VideoScores.objects.create(
        model=factories.make_model(f"model-{next(numbers)}"), batch="v5.0", scores={"1/0": [0.9, True, "g"]}
    )


def definition() -> None:
    labeling.LabelDefinition.objects.create(label=V5_LABELS[next(numbers) % 17], text="What it means")


MAKE: dict[type[Model], Callable[[], object]] = {
    labeling.Post: factories.make_post,
    labeling.Video: lambda: factories.make_settlement(factories.make_video()),
    labeling.Variant: lambda: factories.make_variant(factories.make_video(is_ready=False)),
    labeling.DuplicateGroup: factories.make_group,
    labeling.Slot: lambda: factories.hold(factories.make_video().slots.get(), user()),
    labeling.Annotation: annotation,
    labeling.Evidence: lambda: factories.make_evidence(annotation(), V5_LABELS[0]),
    labeling.Settlement: lambda: factories.make_settlement(factories.make_video()),
    labeling.GoldAnswer: gold,
    labeling.ReviewOutcome: review,
    labeling.QuestionReply: reply,
    labeling.BulkEdit: bulk_edit,
    labeling.Voiding: voiding,
    labeling.CollectJob: factories.make_job,
    labeling.VariantJob: variant_job,
    labeling.ApiToken: lambda: labeling.ApiToken.objects.issue(user()),
    labeling.IdempotencyRecord: record,
    labeling.Preferences: lambda: labeling.Preferences.objects.create(user=user()),
    labeling.Guideline: lambda: labeling.Guideline.objects.create(version=next(numbers), created_by=user()),
    labeling.LabelDefinition: definition,
    ModelVersion: lambda: factories.make_model(f"model-{next(numbers)}"),
    VideoScores: video_scores,
    Prediction: prediction,
    FramesetScores: lambda: factories.make_scores(prediction(), b"\0\0", b"\0\0\0\0"),
    PredictJob: lambda: PredictJob.objects.create(
        video=factories.make_video(), model=factories.make_model(f"model-{next(numbers)}")
    ),
    TrainingBatch: batch,
    BatchItem: batch_item,
    Withdrawal: lambda: Withdrawal.objects.create(video=factories.make_video(), withdrawn_by=user()),
    ExportJob: lambda: ExportJob.objects.create(state="done", batch=batch(), requested_by=user()),
    TrainingRun: lambda: factories.make_run(batch()),
}
ONE_ROW: dict[type[Model], Callable[[], object]] = {
    labeling.SplitLedger: lambda: labeling.SplitLedger.objects.create(pk=1, key="the key"),
    labeling.SiteSettings: labeling.SiteSettings.current,
    labeling.XPause: lambda: labeling.XPause.start(timezone.now() + timedelta(hours=1), "rate limit"),
}
MODELS = [*MAKE, *ONE_ROW]


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(factories.make_superuser())
    return client


def list_of(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def page_of(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def num_queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def test_every_row_of_ours_has_a_page() -> None:
    ours = {model for model in admin.site._registry if model._meta.app_label != "auth"}

    assert ours == set(MODELS)


@pytest.mark.parametrize("model", MAKE, ids=lambda model: model.__name__)
def test_list_costs_the_same_few_queries(model: type[Model], root: Client) -> None:
    MAKE[model]()
    alone = num_queries(root, list_of(model))

    for _ in range(4):
        MAKE[model]()

    assert num_queries(root, list_of(model)) == alone <= 14


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_page_of_a_row_opens(model: type[Model], root: Client) -> None:
    (MAKE | ONE_ROW)[model]()
    row = model._default_manager.get()

    assert root.get(page_of(row)).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_list_can_be_searched_and_filtered(model: type[Model], root: Client) -> None:
    (MAKE | ONE_ROW)[model]()
    row = model._default_manager.get()
    pages: Any = admin.site._registry[model]
    values = {name: getattr(row, f"{name}_id", getattr(row, name)) for name in pages.list_filter}

    query = {f"{name}__exact": value for name, value in values.items() if value is not None}

    assert root.get(list_of(model), {"q": "1"} | query).status_code == 200


FROZEN = [labeling.Annotation, labeling.Settlement, labeling.Post, BatchItem, TrainingBatch, Withdrawal]


@pytest.mark.parametrize("model", FROZEN, ids=lambda model: model.__name__)
def test_frozen_rows_can_be_neither_changed_nor_deleted(model: type[Model], root: Client) -> None:
    MAKE[model]()
    row = model._default_manager.get()

    assert root.post(page_of(row), {}).status_code == 403
    assert root.post(page_of(row).replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert root.get(list_of(model) + "add/").status_code == 403


def test_what_is_secret_is_not_shown(root: Client) -> None:
    labeling.ApiToken.objects.issue(user())
    ONE_ROW[labeling.SplitLedger]()
    token, ledger = labeling.ApiToken.objects.get(), labeling.SplitLedger.objects.get()

    assert token.digest not in root.get(page_of(token)).content.decode()
    assert ledger.key not in root.get(page_of(ledger)).content.decode()


def test_admin_by_role_may_open_every_list(client: Client) -> None:
    client.force_login(factories.make_user("ada", role="admin", is_staff=True))

    codes = {model.__name__: client.get(list_of(model)).status_code for model in MODELS}

    assert set(codes.values()) == {200}, codes


def test_labeler_may_not_open_the_admin(client: Client) -> None:
    client.force_login(factories.make_user("ana", is_staff=True))

    assert client.get(list_of(labeling.Post)).status_code == 403
