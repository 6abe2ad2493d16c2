"""What a run remembers while it goes on, and what came of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cakelens.labels import Label
from training.evaluate import VideoScore, ai_gen_auc, video_loss
from training.files import written_durably


@dataclass(slots=True)
class Progress:
    """What a checkpoint keeps beside tensors; plain values."""

    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0
    unreadable: dict[str, str] = field(default_factory=dict)
    num_skipped: int = 0
    best_step: int = 0
    best_rank: list[float] = field(default_factory=list)
    chosen_by: str = ""

    def take(self, step: int, scores: Sequence[VideoScore]) -> bool:
        """Tell whether the weights after `step` are the best so far by these validation videos.

        By the AUC of AI_GEN, and by the loss where that ties; by the loss alone where one class is all.
        Without a validation video the latest are the best. AUCs tie within what so few videos can tell: a
        few early steps may order twenty videos by luck, with probabilities that mean nothing yet.
        """
        auc, loss = ai_gen_auc(scores), video_loss(scores)
        if loss is None:
            rank, self.chosen_by = [float(step)], "nothing: no validation video, so the last weights count"
        elif auc is None:
            rank, self.chosen_by = [-loss], f"loss on {_videos(scores)}, all of one class of AI_GEN"
        else:
            rank, self.chosen_by = (
                [round(auc / _auc_noise(scores)), -loss],
                f"AUC of AI_GEN on {_videos(scores)}",
            )
        is_best = not self.best_rank or rank > self.best_rank
        if is_best:
            self.best_step, self.best_rank = step, rank
        return is_best

    def first_and_last_loss(self) -> tuple[float, float]:
        """Give the mean loss of the first and of the last tenth of the steps; single steps are noise."""
        tenth = max(len(self.losses) // 10, 1)
        return sum(self.losses[:tenth]) / tenth, sum(self.losses[-tenth:]) / tenth


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What came of a run. All but `weights` is plain JSON."""

    weights: Path
    steps: int
    best_step: int
    chosen_by: str
    loss_first: float
    loss_last: float
    seconds: float
    num_skipped: int
    unreadable: dict[str, str]
    thresholds: dict[str, float | None]
    validation: dict[str, Any]
    test: dict[str, Any]
    baseline: dict[str, Any]
    confounds: dict[str, float]
    fact_aucs: dict[str, float]

    @property
    def ai_gen(self) -> dict[str, Any]:
        """The test split's numbers of AI_GEN."""
        numbers: dict[str, Any] = self.test["labels"]["AI_GEN"]
        return numbers

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"weights": self.weights.name}


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_durably(path) as temporary:
        temporary.write_text(json.dumps(values, indent=1, allow_nan=False) + "\n")


def _auc_noise(scores: Sequence[VideoScore]) -> float:
    """Give about the standard error of a high AUC: a tenth for ten videos of each class."""
    positives = sum(bool(score.row.labels[Label.AI_GEN]) for score in scores)
    return float((positives * (len(scores) - positives)) ** -0.5)


def _videos(scores: Sequence[VideoScore]) -> str:
    return f"{len(scores)} validation video{'s' if len(scores) != 1 else ''}"
