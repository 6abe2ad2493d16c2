import errno
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from torch import nn

from training.checkpoints import CheckpointError, Checkpoints
from training.config import TrainConfig
from training.learning.revision import revision
from training.learning.world import World
from training.loop import make_optimizer


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path / "checkpoints", "d" * 64, TrainConfig(keep_checkpoints=2))


def saved(checkpoints: Checkpoints, step: int) -> Path:
    """Save an empty state and wait until it is written."""
    with checkpoints.finished():
        checkpoints.save(step, {}, {})
    return checkpoints.paths()[-1]


def with_config(checkpoints: Checkpoints, config: TrainConfig) -> Checkpoints:
    return Checkpoints(checkpoints.folder, checkpoints.digest, config)


@pytest.mark.slow  # the first step of an optimizer imports for seconds
def test_restores_parts_progress_and_randomness(checkpoints: Checkpoints) -> None:
    model = nn.Linear(3, 2)
    optimizer = make_optimizer(model, TrainConfig())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    checkpoints.save(5, {"model": model, "optimizer": optimizer}, {"losses": [0.5, 0.25]})
    before = model.weight.detach().clone()
    with torch.no_grad():
        model.weight.add_(1)  # what comes after the step is not in its checkpoint, however late it is written
    with checkpoints.finished():
        pass
    drawn = torch.rand(3)

    fresh = nn.Linear(3, 2)
    fresh_optimizer = make_optimizer(fresh, TrainConfig())
    step, progress = checkpoints.restore({"model": fresh, "optimizer": fresh_optimizer})

    assert (step, progress) == (5, {"losses": [0.5, 0.25]})
    assert torch.equal(fresh.weight, before)
    assert fresh_optimizer.state_dict()["state"][0]["step"] == 1
    assert torch.equal(torch.rand(3), drawn)


def test_keeps_the_last_ones(checkpoints: Checkpoints) -> None:
    for step in (1, 2, 30):
        saved(checkpoints, step)

    assert [path.name for path in checkpoints.paths()] == ["step-00000002.pt", "step-00000030.pt"]
    assert checkpoints.restore({})[0] == 30


def test_nothing_to_resume(checkpoints: Checkpoints) -> None:
    with pytest.raises(CheckpointError, match=r"checkpoints: holds no checkpoint. Start without --resume."):
        checkpoints.restore({})


def test_other_videos_are_refused(checkpoints: Checkpoints) -> None:
    saved(checkpoints, 1)
    other = Checkpoints(checkpoints.folder, "e" * 64, checkpoints.config)

    with pytest.raises(CheckpointError, match=r"learned from other videos \(digest d+…, now e+…\)"):
        other.restore({})


def test_other_config_is_refused(checkpoints: Checkpoints) -> None:
    saved(checkpoints, 1)
    other = with_config(checkpoints, TrainConfig(seed=4, flip=False))

    with pytest.raises(CheckpointError, match=r"another config \(seed 0, now 4, flip True, now False\)"):
        other.restore({})


def test_config_that_changes_no_loss_is_taken(checkpoints: Checkpoints) -> None:
    saved(checkpoints, 1)

    assert with_config(checkpoints, TrainConfig(num_workers=3, device="cpu")).restore({}) == (1, {})


@contextmanager
def room_for(num_bytes: int) -> Iterator[None]:
    """Let the system refuse to write more into a file than this, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_full_disk_leaves_earlier_checkpoints(checkpoints: Checkpoints) -> None:
    saved(checkpoints, 1)

    with room_for(10_000), pytest.raises(CheckpointError, match=r"step-00000002.pt: cannot be written \("):
        save_large(checkpoints, 2)

    assert [path.name for path in checkpoints.folder.iterdir()] == ["step-00000001.pt"]
    assert checkpoints.restore({})[0] == 1


def save_large(checkpoints: Checkpoints, step: int) -> None:
    with checkpoints.finished():
        checkpoints.save(step, {"model": nn.Linear(300, 300)}, {})


def test_damaged_checkpoint_is_named(checkpoints: Checkpoints) -> None:
    path = saved(checkpoints, 1)
    path.write_bytes(path.read_bytes()[:100])

    with pytest.raises(CheckpointError, match=r"step-00000001.pt: cannot be read .* Remove it to resume"):
        checkpoints.restore({})


def test_checkpoint_of_another_program_is_refused(checkpoints: Checkpoints) -> None:
    path = saved(checkpoints, 1)
    torch.save({"model_state_dict": {}}, path)

    with pytest.raises(CheckpointError, match="is no checkpoint of this version"):
        checkpoints.restore({})


def test_failed_checkpoint_is_told_at_the_next_step(
    checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()

    def full(state: object, path: Path) -> None:
        failed.set()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    checkpoints.save(1, {}, {})
    assert failed.wait(10)

    with pytest.raises(CheckpointError, match=r"Make room or mend the permissions, then resume"):
        do_steps(checkpoints)


def do_steps(checkpoints: Checkpoints) -> None:
    """Look as each step does; the thread that writes ends within one of them."""
    for _ in range(1000):
        checkpoints.check()
        time.sleep(0.001)


def test_training_goes_on_while_a_checkpoint_is_written(
    checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write, save = threading.Event(), torch.save

    def slow(state: object, path: Path) -> None:
        assert may_write.wait(10)
        save(state, path)

    monkeypatch.setattr(torch, "save", slow)
    checkpoints.save(1, {}, {})
    checkpoints.check()
    written_meanwhile = checkpoints.paths()
    may_write.set()
    with checkpoints.finished():
        pass

    assert written_meanwhile == []
    assert [path.name for path in checkpoints.paths()] == ["step-00000001.pt"]


def test_second_ctrl_c_does_not_wait_for_the_disk(
    checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write = threading.Event()
    monkeypatch.setattr(torch, "save", lambda state, path: may_write.wait(10))

    with pytest.raises(KeyboardInterrupt):
        interrupt_while_writing(checkpoints)

    assert not may_write.is_set()
    assert checkpoints.paths() == []
    may_write.set()
    with checkpoints.finished():
        pass


def interrupt_while_writing(checkpoints: Checkpoints) -> None:
    with checkpoints.finished():
        checkpoints.save(1, {}, {})
        raise KeyboardInterrupt


def test_what_a_killed_process_left_is_removed(checkpoints: Checkpoints) -> None:
    saved(checkpoints, 1)
    (checkpoints.folder / ".step-00000002.pt.x").write_bytes(b"half")

    checkpoints.remove_halves()

    assert [path.name for path in checkpoints.folder.iterdir()] == ["step-00000001.pt"]


def test_other_number_of_processes_is_refused(checkpoints: Checkpoints) -> None:
    saved(checkpoints, 1)
    other = Checkpoints(checkpoints.folder, checkpoints.digest, checkpoints.config, World(0, 2))

    with pytest.raises(CheckpointError, match=r"was trained by 1 process, now by 2. Resume with as many"):
        other.restore({})


def test_checkpoint_says_which_code_wrote_it(checkpoints: Checkpoints) -> None:
    state = torch.load(saved(checkpoints, 1), weights_only=True)

    assert state["revision"] == revision()
    assert state["digest"] == "d" * 64
