"""What a run says while it goes on."""

from dataclasses import dataclass
from typing import Literal

from training.loop import StepReport

Stage = Literal["files", "validation", "test"]


@dataclass(frozen=True, slots=True)
class StageReport:
    """One more thing done beside training: a file checked, or a video of a split judged."""

    stage: Stage
    done: int
    total: int


Report = StepReport | StageReport
