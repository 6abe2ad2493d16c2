"""What a reader of a batch's scores must know first."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.formats import number_format

from cakelens.labels import Label
from labeling.templatetags.figures import label_word, score
from training.batches.confounds import TELLING_AUC, least_telling
from training.batches.counts import MIN_TEST_POSITIVES, NEGATIVE, POSITIVE, SERIES, Count, thin_labels
from training.models import TrainingBatch

FACTS = {
    "aspect": "aspect ratio",
    "pixels": "width × height",
    "padding": "padding to the window",
    "duration_seconds": "duration",
    "fps": "frame rate",
    "num_frames": "number of frames",
    "bit_rate_bps": "bit rate",
    "num_bytes": "file size",
    "num_variants": "number of encodings",
}
"""Names for people; a fact that is not here is its own name."""


def fact_name(fact: str) -> str:
    return FACTS.get(fact, fact.replace("_", " "))


@dataclass(frozen=True, slots=True)
class Confound:
    """How well one fact about the file tells AI_GEN: from 0.5, a coin, to 1."""

    fact: str
    auc: float
    limit: float
    """From here on it is telling: TELLING_AUC, or what chance reaches in a small batch; that may be > 1."""

    @property
    def is_telling(self) -> bool:
        return self.auc >= self.limit

    @property
    def is_within_chance(self) -> bool:
        """Tell whether the batch is so small that its limit is what chance reaches."""
        return self.limit > TELLING_AUC

    @property
    def bar(self) -> str:
        """A path over 100 units that stand for 0.5 to 1."""
        return f"M0 0h{200 * (self.auc - 0.5):.1f}v8H0z"

    @property
    def mark(self) -> str:
        """A path at the limit; none where there is no room for it."""
        return f"M{200 * (self.limit - 0.5):.1f} 0V8" if self.limit < 1 else ""


def confounds(batch: TrainingBatch) -> list[Confound]:
    """Return the facts, the most telling first. An AUC of 0.1 tells as much as one of 0.9."""
    positives = Count.of_judged(batch, Label.AI_GEN, POSITIVE).total
    least = least_telling(positives, Count.of_judged(batch, Label.AI_GEN, NEGATIVE).total)
    told = [(fact, max(auc, 1 - auc)) for fact, auc in batch.confounds.items() if auc is not None]
    facts = [Confound(fact_name(fact), auc, least) for fact, auc in told]
    return sorted(facts, key=lambda confound: -confound.auc)


def cautions(batch: TrainingBatch) -> Iterator[str]:
    """Yield each caution in words."""
    telling = [f"{each.fact} (AUC {score(each.auc)})" for each in confounds(batch) if each.is_telling]
    if telling:
        yield (
            f"AI-generated clips can be told from the others by {_and(telling)} alone. A model may learn "
            "that instead of the picture: read every score beside the metadata-only baseline."
        )
    test = Count.of_series(batch, Label.AI_GEN).test
    if batch.num_test == 0:
        yield "No video is in the test split: nothing trained on this batch can be measured."
    elif test in (0, batch.num_test):
        yield f"{_whole_test(batch)} of one kind: no AUC can be computed on that."
    never = [label_word(name) for name in SERIES if not Count.of_series(batch, name).total]
    if never and batch.num_videos:
        yield f"No positive at all: {', '.join(never)}. A model cannot learn what it never sees."
    thin = [f"{label_word(name)} ({number})" for name, number in thin_labels(batch)]
    if thin and batch.num_test:
        few = f"Fewer than {MIN_TEST_POSITIVES} positives in test"
        yield f"{few}: {', '.join(thin)}. Their scores there say little."


def _whole_test(batch: TrainingBatch) -> str:
    if batch.num_test == 1:
        return "The only test video is"
    return f"All {number_format(batch.num_test)} test videos are"


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
