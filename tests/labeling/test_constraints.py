"""Rules the database holds, each broken once."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from cakelens.labels import GENERATORS, Label
from labeling.models import (
    Annotation,
    DoomedFile,
    GoldAnswer,
    IdempotencyRecord,
    ReviewOutcome,
    SiteSettings,
    Slot,
    SplitLedger,
    Variant,
    VariantJob,
    Voiding,
    XPause,
    label_field,
)
from tests.constraints import constraint_names, refused_by
from tests.factories import (
    make_annotation,
    make_group,
    make_job,
    make_post,
    make_settlement,
    make_slot,
    make_user,
    make_variant,
    make_video,
)

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def make_gold(**labels: bool | None) -> GoldAnswer:
    return GoldAnswer.objects.create(video=make_video(), added_by=make_user(), **labels)


def annotate(outcome: str, **fields: object) -> Annotation:
    return make_annotation(make_video(), make_user(), outcome, **fields)


def record_twice() -> None:
    user = make_user()
    for _ in range(2):
        IdempotencyRecord.objects.create(user=user, key="k", body_sha256="", status=201, reply={})


def doom_twice() -> None:
    video = make_video()
    for _ in range(2):
        DoomedFile.objects.create(video=video, name="videos/a.mp4")


def review_twice() -> None:
    video, reviewer = make_video(), make_user(role="reviewer")
    for finding in ("ambiguous", "human_wrong"):
        ReviewOutcome.objects.create(video=video, reviewer=reviewer, model_slug="v5", finding=finding)


def answer_twice(state: str) -> None:
    video, user = make_video(num_slots=0), make_user()
    make_slot(video, n=1, state="done", labeler=user)
    make_slot(video, n=2, state=state, labeler=user, claim=uuid4(), lease_until=timezone.now())


def two_in_one_place() -> None:
    post = make_post()
    make_video(post=post, index=0, key="a/0")
    make_video(post=post, index=0, key="a/1")


def same_url_twice() -> None:
    video = make_video()
    for _ in range(2):
        make_variant(video, url="https://video.twimg.com/a.mp4")


def held(**fields: object) -> None:
    lease = {"labeler": make_user(), "lease_until": timezone.now(), "claim": uuid4()}
    Slot.objects.create(video=make_video(num_slots=0), state="held", **lease | fields)


def kept(**fields: object) -> None:
    wish = {"labeler": make_user(), "lease_until": timezone.now(), "due_at": timezone.now()}
    Slot.objects.create(video=make_video(num_slots=0), state="kept", **wish | fields)


def void_nothing() -> None:
    now, user = timezone.now(), make_user()
    Voiding.objects.create(by=user, labeler=user, since=now, until=now, reason="a test")


def run_variant_job_without_lease() -> None:
    variant = make_variant(make_video(is_ready=False), is_stored=False)
    VariantJob.objects.create(variant=variant, state="running")


def store(**fields: object) -> None:
    file = {"state": "stored", "sha256": "ab" * 32, "name": "videos/a.mp4", "num_frames": 9}
    Variant.objects.create(video=make_video(), url="file:a.mp4", **file | fields)


BROKEN: list[tuple[str, Callable[[], object]]] = [
    ("labeling_annotation_generator_requires_ai_gen", lambda: annotate("labeled", ai_gen=False, sora=True)),
    ("labeling_annotation_generator_requires_ai_gen", lambda: annotate("skipped", veo=True)),
    (
        "labeling_settlement_generator_requires_ai_gen",
        lambda: make_settlement(make_video(), ai_gen=False, wan=True),
    ),
    (
        "labeling_settlement_generator_requires_ai_gen",
        lambda: make_settlement(make_video(), method="reopened", ai_gen=None, wan=True),
    ),
    ("labeling_goldanswer_generator_requires_ai_gen", lambda: make_gold(ai_gen=False, ray=True)),
    ("annotation_labeled_judges_ai_gen", lambda: annotate("labeled", ai_gen=None)),
    ("annotation_skipped_has_reason", lambda: annotate("skipped", skip_reason="")),
    ("annotation_skipped_has_reason", lambda: annotate("skipped", skip_reason="no reason of ours")),
    ("annotation_skipped_has_reason", lambda: annotate("labeled", skip_reason="other")),
    ("annotation_skipped_to_somewhere", lambda: annotate("labeled", skipped_to="others")),
    ("settlement_judges_ai_gen", lambda: make_settlement(make_video(), ai_gen=None)),
    ("gold_judges_ai_gen", lambda: make_gold(ai_gen=None)),
    ("review_once_per_model", review_twice),
    ("doomed_file_once", doom_twice),
    ("idempotency_once", record_twice),
    ("labeling_collectjob_running_has_lease", lambda: make_job(state="running")),
    ("labeling_variantjob_running_has_lease", run_variant_job_without_lease),
    ("x_pause_is_one_row", lambda: XPause.objects.create(pk=2, until=timezone.now(), reason="")),
    ("site_settings_is_one_row", lambda: SiteSettings.objects.bulk_create([SiteSettings(pk=2)])),
    ("split_ledger_is_one_row", lambda: SplitLedger.objects.create(pk=2, key="k")),
    ("group_split_known", lambda: make_group("dev")),
    ("slot_once_per_answer", lambda: make_slot(make_video(), n=1)),
    ("slot_once_per_labeler", lambda: answer_twice("held")),
    ("slot_once_per_labeler", lambda: answer_twice("done")),
    ("slot_held_has_lease", lambda: held(labeler=None)),
    ("slot_held_has_lease", lambda: held(lease_until=None)),
    ("slot_held_has_lease", lambda: held(claim=None)),
    ("slot_kept_for_somebody", lambda: kept(labeler=None)),
    ("slot_kept_for_somebody", lambda: kept(lease_until=None)),
    ("slot_kept_for_somebody", lambda: kept(due_at=None)),
    ("voiding_has_period", void_nothing),
    ("video_once_in_post", two_in_one_place),
    ("video_ready_has_split", lambda: make_video(is_ready=False, ready_at=timezone.now())),
    ("video_test_is_blind", lambda: make_video(split="test", is_blind=False)),
    ("variant_once_in_video", same_url_twice),
    ("variant_stored_has_file", lambda: store(name="")),
    ("variant_stored_has_file", lambda: store(sha256="")),
    ("variant_stored_has_file", lambda: store(num_frames=0)),
    ("variant_stored_has_file", lambda: store(num_frames=None)),
]


@pytest.mark.parametrize(("name", "write"), BROKEN)
def test_database_refuses(name: str, write: Callable[[], object]) -> None:
    with refused_by(name):
        write()


def test_every_constraint_was_broken_once() -> None:
    assert {name for name, _ in BROKEN} == constraint_names("labeling")


@pytest.mark.parametrize("generator", GENERATORS)
@pytest.mark.parametrize(("outcome", "ai_gen"), [("labeled", False), ("skipped", False), ("skipped", None)])
def test_every_generator_requires_ai_gen(outcome: str, ai_gen: bool | None, generator: Label) -> None:
    with refused_by("labeling_annotation_generator_requires_ai_gen"):
        annotate(outcome, ai_gen=ai_gen, **{label_field(generator): True})


@pytest.mark.parametrize("ai_gen", [True, False])
def test_answer_without_a_generator_may_say_anything_of_ai_gen(ai_gen: bool) -> None:
    assert annotate("labeled", ai_gen=ai_gen, sora=False, anime_2d=True).pk


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("labeling_post", "x_id"),
        ("labeling_video", "key"),
        ("labeling_duplicategroup", "key"),
        ("labeling_duplicategroup", "number"),
        ("labeling_slot", "claim"),
        ("labeling_apitoken", "digest"),
        ("labeling_collectjob", "post_id"),
        ("labeling_variantjob", "variant_id"),
        ("labeling_guideline", "version"),
    ],
)
def test_column_is_unique(table: str, column: str) -> None:
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, table)

    assert any(found["unique"] and found["columns"] == [column] for found in constraints.values())
