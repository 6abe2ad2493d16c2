from collections.abc import Callable

import pytest

from jobs.models import State
from labeling.models import Settlement
from tests.constraints import constraint_names, refused_by
from tests.factories import make_batch, make_run, make_settlement, make_video
from training.models import BatchItem, BatchState, ExportJob, GrowthFigures, TrainingBatch, TrainingRun

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def settled(split: str = "train") -> Settlement:
    return make_settlement(make_video(split=split))


def same_item_twice() -> None:
    settlement = settled()
    make_batch(settlements=[settlement, settlement])


def same_digest_twice() -> None:
    for slug in ("v5.0", "v5.1"):
        make_batch(slug, digest="d")


def export_twice(state: State) -> None:
    ExportJob.objects.create()
    ExportJob.objects.create(state=state)


BROKEN: list[tuple[str, Callable[[], object]]] = [
    ("batch_exported_has_manifest", lambda: make_batch(digest="")),
    ("batch_exported_has_manifest", lambda: make_batch(manifest_name="")),
    ("batch_exported_has_manifest", lambda: make_batch(exported_at=None)),
    ("batch_digest_once", same_digest_twice),
    ("batch_item_once", same_item_twice),
    (
        "batch_item_split_known",
        lambda: BatchItem.objects.create(
            batch=make_batch(state=BatchState.FROZEN), settlement=settled(), split="dev"
        ),
    ),
    ("growth_figures_is_one_row", lambda: GrowthFigures.objects.create(pk=2)),
    ("export_one_at_a_time", lambda: export_twice(State.QUEUED)),
    ("training_exportjob_running_has_lease", lambda: ExportJob.objects.create(state=State.RUNNING)),
    ("training_trainingrun_running_has_lease", lambda: make_run(make_batch(), state=State.RUNNING)),
]


@pytest.mark.parametrize(("name", "write"), BROKEN)
def test_database_refuses(name: str, write: Callable[[], object]) -> None:
    with refused_by(name):
        write()


def test_every_constraint_was_broken_once() -> None:
    assert {name for name, _ in BROKEN} == constraint_names("training")


def test_export_may_follow_one_that_ended() -> None:
    ExportJob.objects.create(state=State.DONE)
    ExportJob.objects.create(state=State.FAILED)

    assert ExportJob.objects.create().state == State.QUEUED


def test_running_export_keeps_its_place() -> None:
    first = ExportJob.objects.create()
    ExportJob.objects.claim(first.pk)

    with refused_by("export_one_at_a_time"):
        ExportJob.objects.create()


def test_batches_that_are_not_rendered_have_no_digest_yet() -> None:
    batches = [
        make_batch(slug, state=BatchState.FROZEN, digest="", manifest_name="", exported_at=None)
        for slug in ("v5.0", "v5.1")
    ]

    assert list(TrainingBatch.objects.exported()) == []
    assert list(TrainingBatch.objects.all()) == batches[::-1]


def test_batch_counts_its_videos() -> None:
    batch = make_batch(settlements=[settled(), settled(), settled("validation"), settled("test")])

    assert (batch.num_train, batch.num_validation, batch.num_test, batch.num_videos) == (2, 1, 1, 4)
    assert list(TrainingBatch.objects.exported()) == [batch]


def test_training_run_is_a_leased_job() -> None:
    run = make_run(make_batch())

    claimed = TrainingRun.objects.claim(run.pk)

    assert claimed is not None
    claimed.beat(0.5)
    assert TrainingRun.objects.get().progress == 0.5
