"""Which settled videos a batch takes, with filters."""

from datetime import UTC, datetime

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from labeling.models import Video
from tests.factories import (
    make_annotation,
    make_evidence,
    make_post,
    make_settlement,
    make_user,
    make_video,
)
from tests.files import make_filed_video, put_files
from training.batches import selection
from training.batches.filters import BadFilter, BatchFilters
from training.batches.manifest import read_manifest
from training.models import ExportJob, TrainingBatch
from training.tasks import run_export

pytestmark = pytest.mark.django_db(transaction=True)


def taken(**filters: object) -> list[Video]:
    return [*selection.exportable(BatchFilters(**filters))]  # type: ignore[arg-type]


def test_labels_take_videos_with_any_of_them() -> None:
    kling, real, veo = make_video(), make_video(), make_video()
    make_settlement(kling, kling=True)
    make_settlement(real, ai_gen=False)
    make_settlement(veo, veo=True)

    assert taken(labels=("KLING", "NOT_AI")) == [kling, real]


def test_evidence_is_asked_of_ai_generated_videos_only() -> None:
    said, guessed, real = make_video(), make_video(), make_video()
    for video, kind in ((said, "author"), (guessed, "artefacts")):
        answer = make_annotation(video, make_user(kind))
        make_evidence(answer, kind=kind)
        make_settlement(video, annotations=[answer])
    make_settlement(real, ai_gen=False)

    assert taken(evidence=("author", "watermark")) == [said, real]


def test_authors_are_compared_without_case_and_sign() -> None:
    wanted = make_video(post=make_post(author_handle="Maker"))
    make_settlement(wanted)
    make_settlement(make_video(post=make_post(author_handle="other")))

    assert taken(authors=("@maker",)) == [wanted]


def test_both_days_of_a_span_are_in_it() -> None:
    for day in (1, 2, 3, 4):
        post = make_post(x_id=f"90{day}", posted_at=datetime(2026, 7, day, 23, 30, tzinfo=UTC))
        make_settlement(make_video(post=post))

    assert [video.key for video in taken(since="2026-07-02", until="2026-07-03")] == ["902/0", "903/0"]


def test_min_answers_takes_what_as_many_people_agree_on() -> None:
    single, agreed = make_video(), make_video()
    ana, ben = make_user("ana"), make_user("ben")
    make_settlement(single, annotations=[make_annotation(single, ana)])
    make_settlement(agreed, annotations=[make_annotation(agreed, ana), make_annotation(agreed, ben)])

    assert taken(min_answers=2) == [agreed]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"labels": ["CAT"]}, "'CAT' is no label. There are: AI_GEN, NOT_AI"),
        ({"evidence": ["hunch"]}, "'hunch' is no kind of evidence"),
        ({"authors": ["maker", "@"]}, "'@' is no author. Write a handle like @maker."),
        ({"authors": [""]}, "'' is no author."),
        ({"authors": [" "]}, "' ' is no author."),
        ({"authors": ["a\0b"]}, r"'a.x00b' is no author."),
        ({"since": "July"}, "since is 'July'. Write a day like 2026-07-14."),
        ({"since": "2026-07-15", "until": "2026-07-14"}, "since is 2026-07-15, after until, 2026-07-14"),
        ({"until": "9999-12-31"}, "until is '9999-12-31'. Write a day from 2000-01-01 to 2100-01-01."),
        ({"min_answers": -1}, "must be >= 0, got -1"),
        ({"colour": "red"}, "'colour' is no filter. Filters are: authors"),
    ],
)
def test_filter_that_cannot_be_meant_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(BadFilter, match=message):
        BatchFilters.from_json(values)


def test_filters_are_part_of_the_manifest_and_what_they_keep_out_is_counted() -> None:
    make_settlement(make_video(), kling=True)
    make_settlement(make_video(), ai_gen=False)
    put_files()

    call_command("export_batch", label=["KLING"], min_answers=0)

    batch = TrainingBatch.objects.get()
    manifest = read_manifest(default_storage.path(batch.manifest_name))
    assert manifest.filters == batch.filters == {"labels": ["KLING"]}
    assert (batch.num_videos, batch.left_out) == (1, {"filtered out": 1})


def test_filters_that_let_nobody_in_say_so() -> None:
    make_settlement(make_video(), kling=True)

    with pytest.raises(CommandError, match="No settled video passes these filters"):
        call_command("export_batch", author=["nobody"])

    assert not TrainingBatch.objects.exists()


def test_filter_that_leaves_no_positive_is_named_as_the_remedy() -> None:
    make_settlement(make_filed_video(), ai_gen=False)

    with pytest.raises(CommandError, match="Label some first, or leave a filter out"):
        call_command("export_batch", evidence=["metadata"])
    with pytest.raises(CommandError, match=r"Label some first\.$"):
        call_command("export_batch")


@pytest.mark.parametrize(("option", "day"), [("since", "0001-01-01"), ("until", "9999-12-31")])
def test_command_refuses_a_day_at_an_end_of_the_calendar(option: str, day: str) -> None:
    make_settlement(make_video())

    with pytest.raises(
        CommandError, match=f"{option} is '{day}'. Write a day from 2000-01-01 to 2100-01-01."
    ):
        call_command("export_batch", f"--{option}={day}")


def test_ordered_export_with_a_filter_that_cannot_be_meant_fails_with_words() -> None:
    job = ExportJob.objects.create(filters={"labels": ["CAT"]})
    claimed = ExportJob.objects.claim(job.pk)
    assert claimed is not None

    run_export(claimed)

    job.refresh_from_db()
    assert (job.state, "'CAT' is no label" in job.failure_message) == ("failed", True)
