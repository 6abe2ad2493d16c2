"""A whole run: from a manifest and its files to weights and what they are worth. No database needed.

    trainer = Trainer(config, read_manifest(path), media_dir, out_dir)
    for report in trainer.run():
        ...  # a StepReport for each step, a StageReport for each file checked and video judged
    trainer.result

The folder `out_dir` then holds `config.json`, `best.safetensors`, `checkpoints/`, `logs/` and `metrics.json`.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from threading import Event

import torch

from cakelens import weights
from cakelens.detect import detect_device
from training.batches import confounds
from training.batches.manifest import Manifest, canonical_digest
from training.batches.media import check_media
from training.checkpoints import Checkpoints
from training.config import TrainConfig
from training.dataset import FramesetDataset, Minibatch, Unreadable, make_minibatches
from training.evaluate import VideoScore, detailed, evaluate, thresholds_of
from training.evaluating import baseline
from training.learning.judging import Judge
from training.learning.learner import Learner
from training.learning.logs import Logs, LogsMissing, logs_of
from training.learning.machine import core_left_free, keep_freed_memory
from training.learning.memory import TooLittleMemory, memory_told
from training.learning.outcome import Progress, TrainResult, write_json
from training.learning.reports import Report, StageReport
from training.learning.revision import revision
from training.learning.sampling import Schedule
from training.learning.splits import split_rows
from training.learning.weighting import positive_weights
from training.learning.world import ALONE, RankLost, World
from training.loop import NonFiniteGradient, StepReport, StepResult, Stopwatch

__all__ = ["Report", "StageReport", "Trainer", "TrainingError"]


class TrainingError(Exception):
    """A run that cannot start or go on: what is wrong, and what to do."""


class Trainer:
    """Train on the training split, choose on validation, measure on test.

    `init` names weights to start from, `slug` is written into the new ones. `resume` goes on from the newest
    checkpoint in `out_dir`, exactly as if there had been no interruption. `stop()`, from any thread or signal
    handler, ends `run()` after the step in hand with a checkpoint; `result` is then still None. With several
    processes in `world` each runs its own trainer, with a view of the same `out_dir`; the first one writes.
    `remedy` says how files come back that are not as exported; without one, they are fetched by an address.
    """

    def __init__(
        self,
        config: TrainConfig,
        manifest: Manifest,
        media_dir: Path,
        out_dir: Path,
        *,
        resume: bool = False,
        init: Path | None = None,
        slug: str = "",
        world: World = ALONE,
        remedy: str = "",
    ) -> None:
        self.config, self.manifest, self.world = config, manifest, world
        self.media_dir, self.out_dir = media_dir, out_dir
        self.slug, self.device = slug, config.device or detect_device()
        self.result: TrainResult | None = None
        self.is_resumed, self._init = resume, init
        self._remedy = remedy or f"Run `manage.py fetch_batch --manifest URL --into {media_dir}`."
        self._stop, self._is_ended = Event(), False
        self._progress = Progress()
        self._logs: Logs | None = None
        self._rows = split_rows(manifest, config.hold_out)
        self._schedule = Schedule.of(self._rows["train"], config, world.size)
        # Of the rows in hand: a video withdrawn since the export changes every later minibatch.
        digest = canonical_digest(manifest.rows)
        self._checkpoints = Checkpoints(out_dir / "checkpoints", digest, config, world)
        self._judge = Judge(media_dir, config, self.device, world)

    @property
    def num_steps(self) -> int:
        return self._schedule.num_steps

    @property
    def weights_path(self) -> Path:
        return self.out_dir / "best.safetensors"

    def stop(self) -> None:
        """Ask `run()` to end after the step in hand."""
        self._stop.set()

    def run(self) -> Generator[Report, None, None]:
        """Do the run, reporting as it goes.

        Raises:
            TrainingError: Nothing to train on, files missing or altered, too little memory, another process
                gone, or training broke down.
            CheckpointError: As `Checkpoints`.
            WeightsError: `init` does not fit. All leave earlier checkpoints as they were.
        """
        self._check_start()
        if self.device == "cpu":
            keep_freed_memory()
        try:
            yield from self._check_files()
            with core_left_free(), memory_told(self.config, self.device), self._checkpoints.finished():
                learner = self._learner()
                start = self._begin(learner)
                with self._logged(start):
                    yield from self._train(learner, start)
                if not self._is_ended:
                    yield from self._conclude()
        except (RankLost, TooLittleMemory, LogsMissing) as exc:
            raise TrainingError(str(exc)) from exc

    @contextmanager
    def _logged(self, start: int) -> Iterator[None]:
        """Keep logs in the first process, until the block ends."""
        if not self.world.is_first:
            yield
            return
        name = self.slug or self.out_dir.name
        folder = self.out_dir / "logs"
        with logs_of(folder, self.config, self.media_dir, start=start, name=name) as self._logs:
            yield

    def _learner(self) -> Learner:
        is_balanced = self.config.label_weights == "balanced"
        return Learner(
            self.config,
            self.num_steps,
            self.device,
            self._init,
            positive_weights=positive_weights(self._rows["train"]) if is_balanced else None,
            world=self.world,
        )

    def _check_start(self) -> None:
        if not self._rows["train"]:
            slug = self.manifest.slug
            raise TrainingError(f"Batch {slug} has no training video. Label more, then export again.")
        if self.device.startswith("cuda") and not torch.cuda.is_available():
            raise TrainingError("There is no CUDA device here. Train with --device cpu.")
        if self._checkpoints.paths() and not self.is_resumed:
            raise TrainingError(f"{self.out_dir} holds a run already. Use --resume, or another folder.")

    def _check_files(self) -> Iterator[StageReport]:
        """Look at every file, once on each machine."""
        rows = self.manifest.rows
        problems: list[str] = []
        total = sum(len(row.variants) for row in rows)
        if self.world.local_rank == 0:
            for done, problem in enumerate(check_media(rows, self.media_dir), 1):
                problems += [problem] if problem else []
                yield StageReport("files", done, total)
        problems = list(chain.from_iterable(self.world.gathered(problems)))
        if problems:
            verb = "is" if len(problems) == 1 else "are"
            found = f"{len(problems)} of {total} files {verb} not as exported, first {problems[0]}"
            raise TrainingError(f"{found}. {self._remedy}")

    def _begin(self, learner: Learner) -> int:
        """Prepare the folder, or take up its newest checkpoint; give the number of steps done."""
        if self.world.is_first:
            self._checkpoints.remove_halves()
        if self.is_resumed:
            step, progress = self._checkpoints.restore(learner.parts)
            self._progress = Progress(**progress)
            return step
        if self.world.is_first:
            batch = {"slug": self.manifest.slug, "digest": self.manifest.digest}
            about = {"batch": batch, "config": self.config.to_dict(), "revision": revision()}
            write_json(self.out_dir / "config.json", about | {"num_processes": self.world.size})
        return 0

    def _train(self, learner: Learner, start: int) -> Iterator[Report]:
        dataset = FramesetDataset(self._rows["train"], self.media_dir, self.config, self.config.model)
        stopwatch, before = Stopwatch(self.num_steps - start), self._progress.seconds
        on_gpu = self.device.startswith("cuda")
        made = make_minibatches(dataset, self._schedule, start, world=self.world, pin_memory=on_gpu)
        with closing(made) as minibatches:
            for step, minibatch in enumerate(minibatches, start + 1):
                stopwatch.data_ready()
                result = self._step(step, learner, minibatch)
                report = self._report(step, minibatch, result, learner, stopwatch)
                if self._logs is not None:
                    self._logs.step(report)
                yield report
                self._checkpoints.check()
                if self._is_due(step, self.config.validate_every):
                    yield from self._validate(learner, step)
                self._progress.seconds = before + stopwatch.seconds
                self._is_ended = self.world.any(self._stop.is_set())  # of all, or they would wait for one
                if self._is_ended or self._is_due(step, self.config.checkpoint_every):
                    self._checkpoints.save(step, learner.parts, asdict(self._progress))
                if self._is_ended:
                    return
                stopwatch.next_step()

    def _step(self, step: int, learner: Learner, minibatch: Minibatch) -> StepResult | None:
        try:
            result = learner.learn(step, minibatch)
        except NonFiniteGradient as exc:
            remedy = "Start in another folder with a lower --learning-rate."
            raise TrainingError(f"Training broke down: {exc}. {remedy}") from exc
        self._remember(list(chain.from_iterable(self.world.gathered(minibatch.unreadable))))
        self._progress.losses += [result.loss] if result else []
        if not self._progress.losses and step in (self._schedule.steps_per_epoch, self.num_steps):
            video, reason = next(iter(self._progress.unreadable.items()))
            raise TrainingError(f"No training video can be read, first {video}: {reason}.")
        return result

    def _report(
        self,
        step: int,
        minibatch: Minibatch,
        result: StepResult | None,
        learner: Learner,
        stopwatch: Stopwatch,
    ) -> StepReport:
        return StepReport(
            step=step,
            total=self.num_steps,
            epoch=(step - 1) // self._schedule.steps_per_epoch,
            loss=result.loss if result else None,
            learning_rate=learner.rate(step),
            pace=stopwatch.step_done(len(minibatch.frames_NCTHW) * self.world.size),
            unreadable=tuple(minibatch.unreadable),
        )

    def _is_due(self, step: int, every: int | None) -> bool:
        return step == self.num_steps or step % (every or max(self.num_steps // 10, 1)) == 0

    def _validate(self, learner: Learner, step: int) -> Iterator[StageReport]:
        """Judge the validation videos and keep the weights if they are the best so far."""
        judged = yield from self._judge.judge(learner.judged, "validation", self._rows["validation"])
        scores = self._readable(judged)
        if self._logs is not None:
            self._logs.judged(step, scores)
        if self._progress.take(step, scores) and self.world.is_first:
            extra = {"batch_digest": self.manifest.digest, "step": str(step), "revision": revision()}
            weights.save_weights(learner.judged, self.weights_path, slug=self.slug, extra=extra)

    def _conclude(self) -> Iterator[StageReport]:
        """Measure the best weights, and what metadata alone could have told."""
        self.world.any(False)  # nobody reads the best weights before the first process has written them
        model = weights.load_model(self.weights_path)
        validation = yield from self._judge.judge(model, "validation", self._rows["validation"])
        test = yield from self._judge.judge(model, "test", self._rows["test"])
        self.result = self._result(self._readable(validation), self._readable(test))
        if self.world.is_first:
            write_json(self.out_dir / "metrics.json", self.result.to_dict())

    def _result(self, validation: Sequence[VideoScore], test: Sequence[VideoScore]) -> TrainResult:
        progress, thresholds = self._progress, thresholds_of(validation)
        loss_first, loss_last = progress.first_and_last_loss()
        fact_aucs = confounds.fact_aucs(self.manifest.rows)
        return TrainResult(
            weights=self.weights_path,
            steps=self.num_steps,
            best_step=progress.best_step,
            chosen_by=progress.chosen_by,
            loss_first=loss_first,
            loss_last=loss_last,
            seconds=progress.seconds,
            num_skipped=progress.num_skipped,
            unreadable=progress.unreadable,
            thresholds=thresholds,
            validation=evaluate(validation, thresholds),
            test=detailed(test, thresholds, self._rows["train"]),
            baseline=baseline.metadata_baseline(self._rows["train"], [score.row for score in test]),
            confounds=confounds.telling(fact_aucs, self.manifest.rows),
            fact_aucs=fact_aucs,
        )

    def _readable(self, judged: Sequence[VideoScore | Unreadable]) -> list[VideoScore]:
        self._remember([one for one in judged if isinstance(one, Unreadable)])
        return [one for one in judged if isinstance(one, VideoScore)]

    def _remember(self, unreadable: Sequence[Unreadable]) -> None:
        self._progress.num_skipped += len(unreadable)
        self._progress.unreadable |= dict(unreadable)
