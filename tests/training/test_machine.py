import os
import platform

import pytest
import torch

from training.learning.machine import core_left_free, keep_freed_memory


def test_one_core_is_left_to_decoding_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    before = torch.get_num_threads()

    with core_left_free():
        within = torch.get_num_threads()

    assert (within, torch.get_num_threads()) == (1, before)


def test_freed_memory_is_kept_where_glibc_can() -> None:
    assert keep_freed_memory() is (platform.libc_ver()[0] == "glibc")
