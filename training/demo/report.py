"""What the demo says, and what it writes into its summary."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count
from rich.table import Table

from labeling.models import Video
from training.demo.stages import Opinion
from training.evaluating.cautions import fact_name
from training.evaluating.summary import headline
from training.learning.outcome import TrainResult
from training.models import TrainingBatch

CLOSE = 0.05
"""A score this near to the baseline's shows nothing that metadata does not."""


def splits() -> str:
    counts = Video.objects.ready().values("split").annotate(num=Count("pk")).order_by("-num")
    return ", ".join(f"{row['num']} {row['split']}" for row in counts)


def batch(exported: TrainingBatch) -> dict[str, Any]:
    return {
        "slug": exported.slug,
        "digest": exported.digest,
        "train": exported.num_train,
        "validation": exported.num_validation,
        "test": exported.num_test,
    }


def run(result: TrainResult, *, seconds: float) -> dict[str, Any]:
    return {
        "run": {
            "steps": result.steps,
            "loss_first": result.loss_first,
            "loss_last": result.loss_last,
            "seconds": round(seconds, 1),
        },
        "metrics": headline(result),
    }


def meaning(result: TrainResult, *, is_synthetic: bool) -> Iterator[str]:
    """Say plainly what the test score can and cannot mean."""
    numbers = headline(result)
    auc, baseline = numbers["auc"], numbers["baseline_auc"]
    scores = f"AUC {_score(auc)}, metadata alone {_score(baseline)}"
    if auc is None:
        yield f"[yellow]Nothing can be measured: in the test split AI_GEN has {result.ai_gen['reason']}."
    elif baseline is None:
        yield f"AUC {auc:.2f}, with no baseline beside it: {result.baseline['reason']}."
    elif auc > baseline + CLOSE:
        yield f"{scores}: the model sees something that metadata does not."
    else:
        yield f"[yellow]{scores}: the score shows nothing that a look at the files' metadata would not give."
    yield from _confounds(result)
    yield _limits(result, is_synthetic=is_synthetic)


def _confounds(result: TrainResult) -> Iterator[str]:
    if result.confounds:
        facts = ", ".join(f"{fact_name(fact)} (AUC {auc:.2f})" for fact, auc in result.confounds.items())
        yield (
            f"[yellow]Single facts about the files tell AI_GEN apart: {facts}. A model trained on this set "
            "may learn them instead of generation; collect both classes from like sources."
        )


def _limits(result: TrainResult, *, is_synthetic: bool) -> str:
    num, interval = result.test["num_videos"], result.ai_gen["auc_interval"]
    spread = f"; its 95% interval is {interval[0]:.2f}-{interval[1]:.2f}" if interval else ""
    if is_synthetic:
        score = f"It is a score on {num} drawn clips{spread}"
        return f"{score}: it proves the loop, and says nothing of real generators."
    return f"It is a score on {num} test videos{spread}: too few to say how well it would do on others."


def opinions(found: list[Opinion], model: str) -> Table:
    """Show the clips nobody labeled, with what was suggested before the promotion and what is now."""
    table = Table("clip", "truth", "suggested before", f"{model} suggests", title="Clips left to label")
    for opinion in found:
        table.add_row(opinion.name, _truth(opinion.truth), _percent(opinion.before), _percent(opinion.after))
    return table


def _score(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.2f}"


def _truth(value: bool | None) -> str:
    return {True: "AI", False: "not AI", None: "not known"}[value]


def _percent(probability: float | None) -> str:
    return "nothing" if probability is None else f"AI_GEN {probability:.0%}"
