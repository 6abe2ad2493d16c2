"""Judge the videos of a split with a model in the making, every process its share of them."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cakelens.detect import Detector
from cakelens.model import Model
from training.batches.rows import ManifestRow
from training.config import TrainConfig
from training.dataset import Unreadable
from training.evaluate import VideoScore, score_videos
from training.learning.reports import StageReport
from training.learning.world import ALONE, World


@dataclass(frozen=True, slots=True)
class Judge:
    """Scores videos as `config` says, on `device`."""

    media_dir: Path
    config: TrainConfig
    device: str
    world: World = ALONE

    def judge(
        self, model: Model, split: Literal["validation", "test"], rows: Sequence[ManifestRow]
    ) -> Generator[StageReport, None, list[VideoScore | Unreadable]]:
        """Report each video judged here; give every process's scores, in the order of `rows`."""
        framesets = self.config.eval_framesets
        detector = Detector(model, batch_size=framesets, device=self.device)
        own_rows = rows[self.world.rank :: self.world.size]
        own: list[VideoScore | Unreadable] = []
        for score in score_videos(detector, own_rows, self.media_dir, framesets=framesets):
            own.append(score)
            yield StageReport(split, min(len(own) * self.world.size, len(rows)), len(rows))
        shares = self.world.gathered(own)
        return [shares[place % self.world.size][place // self.world.size] for place in range(len(rows))]
