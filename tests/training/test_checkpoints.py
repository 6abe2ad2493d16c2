import errno
from pathlib import Path

import pytest
import torch
from torch import nn

from training.checkpoints import CheckpointError, Checkpoints
from training.config import TrainConfig
from training.loop import make_optimizer


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path / "checkpoints", "d" * 64, TrainConfig(keep_checkpoints=2))


def with_config(checkpoints: Checkpoints, config: TrainConfig) -> Checkpoints:
    return Checkpoints(checkpoints.folder, checkpoints.digest, config)


@pytest.mark.slow  # the first step of an optimizer imports for seconds
def test_restores_parts_progress_and_randomness(checkpoints: Checkpoints) -> None:
    model = nn.Linear(3, 2)
    optimizer = make_optimizer(model, TrainConfig())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    checkpoints.save(5, {"model": model, "optimizer": optimizer}, {"losses": [0.5, 0.25]})
    drawn = torch.rand(3)

    fresh = nn.Linear(3, 2)
    fresh_optimizer = make_optimizer(fresh, TrainConfig())
    step, progress = checkpoints.restore({"model": fresh, "optimizer": fresh_optimizer})

    assert (step, progress) == (5, {"losses": [0.5, 0.25]})
    assert torch.equal(fresh.weight, model.weight)
    assert fresh_optimizer.state_dict()["state"][0]["step"] == 1
    assert torch.equal(torch.rand(3), drawn)


def test_keeps_the_last_ones(checkpoints: Checkpoints) -> None:
    for step in (1, 2, 30):
        checkpoints.save(step, {}, {})

    assert [path.name for path in checkpoints.paths()] == ["step-00000002.pt", "step-00000030.pt"]
    assert checkpoints.restore({})[0] == 30


def test_nothing_to_resume(checkpoints: Checkpoints) -> None:
    with pytest.raises(CheckpointError, match=r"checkpoints: holds no checkpoint. Start without --resume."):
        checkpoints.restore({})


def test_other_videos_are_refused(checkpoints: Checkpoints) -> None:
    checkpoints.save(1, {}, {})
    other = Checkpoints(checkpoints.folder, "e" * 64, checkpoints.config)

    with pytest.raises(CheckpointError, match=r"learned from other videos \(digest d+…, now e+…\)"):
        other.restore({})


def test_other_config_is_refused(checkpoints: Checkpoints) -> None:
    checkpoints.save(1, {}, {})
    other = with_config(checkpoints, TrainConfig(seed=4, flip=False))

    with pytest.raises(CheckpointError, match=r"another config \(seed 0, now 4, flip True, now False\)"):
        other.restore({})


def test_config_that_changes_no_loss_is_taken(checkpoints: Checkpoints) -> None:
    checkpoints.save(1, {}, {})

    assert with_config(checkpoints, TrainConfig(num_workers=3, device="cpu")).restore({}) == (1, {})


def test_full_disk_leaves_earlier_checkpoints(
    checkpoints: Checkpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(state: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    checkpoints.save(1, {}, {})
    monkeypatch.setattr(torch, "save", full)

    with pytest.raises(CheckpointError, match=r"step-00000002.pt: cannot be written \(.*No space left"):
        checkpoints.save(2, {}, {})

    assert [path.name for path in checkpoints.folder.iterdir()] == ["step-00000001.pt"]


def test_damaged_checkpoint_is_named(checkpoints: Checkpoints) -> None:
    path = checkpoints.save(1, {}, {})
    path.write_bytes(path.read_bytes()[:100])

    with pytest.raises(CheckpointError, match=r"step-00000001.pt: cannot be read .* Remove it to resume"):
        checkpoints.restore({})


def test_checkpoint_of_another_program_is_refused(checkpoints: Checkpoints) -> None:
    path = checkpoints.save(1, {}, {})
    torch.save({"model_state_dict": {}}, path)

    with pytest.raises(CheckpointError, match="is no checkpoint of this version"):
        checkpoints.restore({})
