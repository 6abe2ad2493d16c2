"""Checkpoints: a run as it stood after a step, whole or absent, the last few of them.

The state is copied aside at once and written on a thread while training goes on (docs/adr/0105).
"""

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Protocol

import torch
from torch import Tensor

from training.config import ConfigError, TrainConfig
from training.files import written_durably
from training.learning.background import Background
from training.learning.revision import revision
from training.learning.world import ALONE, World

_FORMAT = 2
_NAME = re.compile(r"step-(\d{8})\.pt")


class CheckpointError(Exception):
    """A checkpoint that cannot be written, read or continued: which file, what is wrong, what to do."""

    def __init__(self, path: Path, what: str, remedy: str) -> None:
        super().__init__(f"{path}: {what}. {remedy}")
        self.path, self.what, self.remedy = path, what, remedy


class Stateful(Protocol):
    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> object: ...


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The checkpoints of one run in one folder; of several processes the first writes them.

    A run is continued only on the rows (`digest`), with the `config` and by as many processes as it began
    with.
    """

    folder: Path
    digest: str
    config: TrainConfig
    world: World = ALONE
    _writing: Background = field(default_factory=Background)

    def save(self, step: int, parts: Mapping[str, Stateful], progress: Mapping[str, Any]) -> None:
        """Copy the state after `step` aside and begin to write it; every process of the run must call.

        When it is written, all but the last `keep_checkpoints` are removed. `progress` holds plain values;
        its meaning is the caller's.

        Raises:
            CheckpointError: The one before could not be written; earlier ones are intact.
        """
        random = self.world.gathered(_random_state())
        if not self.world.is_first:
            return
        self._writing.wait()
        state = {
            "format": _FORMAT,
            "step": step,
            "digest": self.digest,
            "config": self.config.to_dict(),
            "revision": revision(),
            "parts": {name: _copied(part.state_dict()) for name, part in parts.items()},
            "random": random,
            "progress": _copied(dict(progress)),
        }
        self._writing.start(lambda: self._write(step, state))

    def check(self) -> None:
        """Raise what went wrong with a checkpoint that was being written; wait for nothing.

        Raises:
            CheckpointError: The disk is full or may not be written; earlier checkpoints are intact.
        """
        self._writing.check()

    @contextmanager
    def finished(self) -> Generator[None, None, None]:
        """Leave the block when what was begun is written; on Ctrl-C at once, whatever is half written.

        Raises:
            CheckpointError: As `check`.
        """
        try:
            yield
        except KeyboardInterrupt:
            raise
        except BaseException:
            self._writing.wait()
            raise
        self._writing.wait()

    def _write(self, step: int, state: Mapping[str, Any]) -> None:
        _write(self.folder / f"step-{step:08d}.pt", state)
        for old in self.paths()[: -self.config.keep_checkpoints]:
            old.unlink(missing_ok=True)

    def remove_halves(self) -> None:
        """Remove what processes left that were killed while they wrote."""
        for half in self.folder.glob(".step-*"):
            half.unlink(missing_ok=True)

    def paths(self) -> list[Path]:
        """List the checkpoints there are, oldest first."""
        return sorted(path for path in self.folder.glob("step-*.pt") if _NAME.fullmatch(path.name))

    def restore(self, parts: Mapping[str, Stateful]) -> tuple[int, dict[str, Any]]:
        """Put the newest checkpoint into `parts` and torch's randomness; give its step and progress.

        Raises:
            CheckpointError: There is none, it is damaged, or of another batch or config. Nothing changed.
        """
        paths = self.paths()
        if not paths:
            raise CheckpointError(self.folder, "holds no checkpoint", "Start without --resume.")
        state = _read(paths[-1])
        self._check(paths[-1], state)
        for name, part in parts.items():
            part.load_state_dict(state["parts"][name])
        _set_random_state(state["random"][self.world.rank])
        return state["step"], state["progress"]

    def _check(self, path: Path, state: Mapping[str, Any]) -> None:
        if state["digest"] != self.digest:
            what = f"learned from other videos (digest {state['digest'][:12]}…, now {self.digest[:12]}…)"
            remedy = "Resume with its batch; if videos were withdrawn since, start in another folder."
            raise CheckpointError(path, what, remedy)
        if len(state["random"]) != self.world.size:
            what = f"was trained by {_processes(len(state['random']))}, now by {self.world.size}"
            raise CheckpointError(path, what, "Resume with as many, or start in another folder.")
        differing = self._differences(path, state["config"])
        if differing:
            what = f"has another config ({', '.join(differing)})"
            raise CheckpointError(path, what, "Resume with its options, or start in another folder.")

    def _differences(self, path: Path, stored: Mapping[str, Any]) -> list[str]:
        try:
            theirs = TrainConfig.from_dict(stored)
        except ConfigError as exc:
            raise CheckpointError(path, str(exc), "Use the version of CakeLens that wrote it.") from exc
        return [
            f"{name} {getattr(theirs, name)}, now {getattr(self.config, name)}"
            for name in self.config.differences(theirs)
        ]


def _processes(number: int) -> str:
    return f"{number} process{'es' if number != 1 else ''}"


def _copied(value: Any) -> Any:
    """Copy a state into memory that the next steps do not touch."""
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_copied(item) for item in value)
    return value


def _write(path: Path, state: Mapping[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_durably(path) as temporary:
            torch.save(state, temporary)
    except (OSError, RuntimeError) as exc:  # torch's zip writer says RuntimeError when the disk is full
        reason = str(exc).partition("\n")[0]
        remedy = "Make room or mend the permissions, then resume; earlier checkpoints are intact."
        raise CheckpointError(path, f"cannot be written ({reason})", remedy) from exc


def _read(path: Path) -> dict[str, Any]:
    try:
        state: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError, EOFError, OSError, ValueError) as exc:
        what = f"cannot be read ({str(exc).partition(chr(10))[0]})"
        raise CheckpointError(path, what, "Remove it to resume from the one before.") from exc
    if not isinstance(state, dict) or state.get("format") != _FORMAT:
        raise CheckpointError(path, "is no checkpoint of this version", "Start in another folder.")
    return dict(state)


def _random_state() -> dict[str, Any]:
    on_cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {"cpu": torch.get_rng_state(), "cuda": on_cuda}


def _set_random_state(state: Mapping[str, Any]) -> None:
    torch.set_rng_state(state["cpu"])
    if torch.cuda.is_available() and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
