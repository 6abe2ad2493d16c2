"""Checkpoints: a run as it stood after a step, whole or absent, the last few of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Protocol

import torch

from training.config import ConfigError, TrainConfig
from training.files import written_durably

_FORMAT = 1
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
    """The checkpoints of one run in one folder.

    A run is continued only on the rows (`digest`) and with the `config` that it began with.
    """

    folder: Path
    digest: str
    config: TrainConfig

    def save(self, step: int, parts: Mapping[str, Stateful], progress: Mapping[str, Any]) -> Path:
        """Write the state after `step`, then remove all but the last `keep_checkpoints`.

        `progress` holds plain values; its meaning is the caller's.

        Raises:
            CheckpointError: The disk is full or may not be written; earlier checkpoints are intact.
        """
        state = {
            "format": _FORMAT,
            "step": step,
            "digest": self.digest,
            "config": self.config.to_dict(),
            "parts": {name: part.state_dict() for name, part in parts.items()},
            "random": _random_state(),
            "progress": dict(progress),
        }
        path = self.folder / f"step-{step:08d}.pt"
        _write(path, state)
        for old in self.paths()[: -self.config.keep_checkpoints]:
            old.unlink(missing_ok=True)
        return path

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
        _set_random_state(state["random"])
        return state["step"], state["progress"]

    def _check(self, path: Path, state: Mapping[str, Any]) -> None:
        if state["digest"] != self.digest:
            what = f"learned from other videos (digest {state['digest'][:12]}…, now {self.digest[:12]}…)"
            remedy = "Resume with its batch; if videos were withdrawn since, start in another folder."
            raise CheckpointError(path, what, remedy)
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
