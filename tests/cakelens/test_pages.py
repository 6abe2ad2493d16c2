import sys
from pathlib import Path

import pytest
import torch

from cakelens.pages import is_releasable, release

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists its mappings")


def mapped_tensor(folder: Path) -> torch.Tensor:
    path = folder / "values.pt"
    torch.save(torch.arange(100_000.0), path)
    tensor: torch.Tensor = torch.load(path, mmap=True, weights_only=True)
    return tensor


def test_mapped_weights_are_released_and_come_back(tmp_path: Path) -> None:
    tensor = mapped_tensor(tmp_path)

    assert is_releasable(tensor)
    release(tensor)

    assert tensor.equal(torch.arange(100_000.0))


def test_weights_that_were_changed_are_kept(tmp_path: Path) -> None:
    tensor = mapped_tensor(tmp_path)
    tensor[50_000] = -1

    assert not is_releasable(tensor)


def test_memory_without_a_file_is_kept() -> None:
    assert not is_releasable(torch.ones(100_000))


def test_a_tensor_within_one_page_is_left_alone() -> None:
    assert not is_releasable(torch.ones(1))
