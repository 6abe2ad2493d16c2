"""Random histories: whatever is collected, labeled, merged, withdrawn and exported in whatever order, no
exported manifest changes or holds a leak that was known at its export, and no split changes.

What leaks is said by a model of its own: footage that shares bytes or a media id, directly or through others,
is one.
"""

from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from cakelens.labels import Label
from labeling import settling
from labeling.collecting import duplicates, importer
from labeling.models import SettlementMethod, Video
from tests.factories import make_video
from tests.files import file_variant
from training import export
from training.batches import proving, withdrawing
from training.batches.filters import BatchFilters
from training.batches.manifest import read_manifest
from training.models import TrainingBatch, Withdrawal

NUM_CONTENTS = 6
"""Few: histories meet the same footage again and again."""

CONTENTS = st.integers(0, NUM_CONTENTS - 1)
SPLITS = ["train", "validation", "test"]
PLACES = st.integers(0, 10**6)


class History(RuleBasedStateMachine):
    """A site, and beside it what a reader of its history would know."""

    def __init__(self) -> None:
        super().__init__()
        self.videos: list[Video] = []
        self.contents: dict[int, set[int]] = {}
        """Which bytes each video has, and which media ids: those count from NUM_CONTENTS on."""
        self.brought: dict[str, str] = {}
        """On which side a video's own dataset has it."""
        self.splits: dict[int, str | None] = {}
        self.manifests: dict[str, bytes] = {}
        self.withdrawn: set[str] = set()

    @initialize(splits=st.lists(st.sampled_from(["train", "test"]), min_size=4, max_size=NUM_CONTENTS))
    def begin(self, splits: list[str]) -> None:
        """Begin with some videos that could be exported, each of its own footage."""
        call_command("flush", interactive=False, verbosity=0)
        for content, split in enumerate(splits):
            self.collect_one(content, split, is_labeled=True)

    @rule(
        content=CONTENTS,
        own_split=st.sampled_from(["", *SPLITS]),
        is_labeled=st.booleans(),
    )
    def collect(self, content: int, own_split: str, is_labeled: bool) -> None:
        self.collect_one(content, own_split, is_labeled=is_labeled)

    def collect_one(self, content: int, own_split: str, *, is_labeled: bool) -> None:
        video = make_video(is_ready=False, split="train")
        file_variant(video, bytes([content]))
        importer.make_ready(video, own_split=own_split)
        self.videos.append(video)
        self.contents[video.pk] = {content}
        self.brought[video.key] = own_split
        video.refresh_from_db()
        self.splits[video.pk] = video.split
        if is_labeled:
            settling.record(video, {Label.AI_GEN: True}, SettlementMethod.SINGLE)

    @rule(place=PLACES, content=CONTENTS)
    def learn_that_two_are_one(self, place: int, content: int) -> None:
        video = self.videos[place % len(self.videos)]
        file_variant(video, bytes([content]))
        duplicates.assign_group(video)
        self.contents[video.pk].add(content)

    @rule(place=PLACES, media=CONTENTS)
    def learn_its_media_id(self, place: int, media: int) -> None:
        video = self.videos[place % len(self.videos)]
        if Video.objects.filter(pk=video.pk, media_id="").update(media_id=f"media {media}"):
            duplicates.assign_group(video)
            self.contents[video.pk].add(NUM_CONTENTS + media)

    @rule(place=PLACES, ai_gen=st.booleans(), kling=st.booleans())
    def label(self, place: int, ai_gen: bool, kling: bool) -> None:
        video = Video.objects.get(pk=self.videos[place % len(self.videos)].pk)
        labels = {Label.AI_GEN: ai_gen, Label.KLING: kling and ai_gen}
        settling.record(video, labels, SettlementMethod.SINGLE)

    @rule(place=PLACES, purge=st.booleans())
    def withdraw(self, place: int, purge: bool) -> None:
        # One of three, or nobody would be left to leak.
        if place % 3 == 0:
            video = Video.objects.get(pk=self.videos[place % len(self.videos)].pk)
            withdrawing.withdraw([video], reason="", purge=purge)
            self.withdrawn.add(video.key)

    @rule(labels=st.sampled_from([(), ("KLING",), ("NOT_AI",)]))
    def export(self, labels: tuple[str, ...] = ()) -> None:
        batch, refusal = self.exported(BatchFilters(labels=labels))
        assert "missing from the storage" not in refusal
        assert "both sides" not in refusal
        if batch is None:
            return
        path = self.path_of(batch)
        self.manifests[batch.slug] = path.read_bytes()
        rows = read_manifest(path).rows
        assert not self.withdrawn & {row.video for row in rows}
        self.check_no_footage_is_on_both_sides({row.video: row.split for row in rows})
        assert all(row.split == (self.brought[row.video] or row.split) for row in rows)

    def exported(self, filters: BatchFilters) -> tuple[TrainingBatch | None, str]:
        try:
            return export.export_batch(filters=filters), ""
        except export.ExportError as exc:
            return None, str(exc)

    def check_no_footage_is_on_both_sides(self, exported: dict[str, str]) -> None:
        splits: dict[int, set[str]] = {}
        footage = self.footage()
        for video in self.videos:
            if video.key in exported:
                splits.setdefault(footage[video.pk], set()).add(exported[video.key])
        assert all(len(sides) == 1 for sides in splits.values())

    def footage(self) -> dict[int, int]:
        """Return for each video the number of its footage: what shares bytes has the same."""
        numbers = {content: content for content in range(2 * NUM_CONTENTS)}
        for contents in self.contents.values():
            joined = {numbers[content] for content in contents}
            numbers = {c: min(joined) if number in joined else number for c, number in numbers.items()}
        return {pk: numbers[min(contents)] for pk, contents in self.contents.items()}

    def path_of(self, batch: TrainingBatch) -> Path:
        return Path(default_storage.path(batch.manifest_name))

    def teardown(self) -> None:
        """End each history with an export: whatever it led to is looked at."""
        if self.videos:
            self.export()
            self.manifests_keep_their_bytes_and_are_proven()

    @invariant()
    def manifests_keep_their_bytes_and_are_proven(self) -> None:
        for batch in TrainingBatch.objects.exported():
            assert self.path_of(batch).read_bytes() == self.manifests[batch.slug]
            assert proving.prove(batch).leaks == ()

    @invariant()
    def splits_stay(self) -> None:
        assert dict(Video.objects.values_list("pk", "split")) == self.splits

    @invariant()
    def withdrawals_stay(self) -> None:
        assert set(Withdrawal.objects.values_list("video__key", flat=True)) == self.withdrawn


def run(num_histories: int, num_steps: int) -> None:
    """Live through so many histories. One that fails is told as it was: to shorten it takes minutes."""
    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=num_histories,
            stateful_step_count=num_steps,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=[*HealthCheck],
        ),
    )


@pytest.mark.slow
@pytest.mark.embedded
@pytest.mark.django_db(transaction=True)
def test_no_manifest_changes_or_leaks_and_no_split_changes() -> None:
    run(12, 20)


@pytest.mark.nightly
@pytest.mark.embedded
@pytest.mark.django_db(transaction=True)
def test_no_manifest_changes_or_leaks_and_no_split_changes_over_long_histories() -> None:
    run(300, 60)
