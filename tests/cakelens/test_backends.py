import logging
import shutil
from pathlib import Path

import pytest
import torch

from cakelens import backends
from cakelens.config import TINY, ModelConfig
from cakelens.model import Model
from cakelens.processor import cpu_flags


@pytest.fixture(autouse=True)
def nothing_said_yet() -> None:
    backends._say_once.cache_clear()


def test_backend_of_the_v5_on_a_cpu_is_streaming(small_model: Model) -> None:
    assert backends.best_backend(small_model, "cpu", "fp32") == "streaming"


def test_backend_of_tiny_is_eager() -> None:
    assert backends.best_backend(Model(TINY), "cpu", "auto") == "eager"


@pytest.mark.parametrize(
    ("flags", "dtype"), [("fma avx512f avx512_bf16", torch.bfloat16), ("fma avx2", torch.float32)]
)
def test_bf16_is_taken_where_the_processor_computes_in_it(
    flags: str, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "cpu_flags", lambda: frozenset(flags.split()))

    assert backends.best_dtype("cpu") == dtype


def test_cpu_flags_are_read_from_the_kernels_list(tmp_path: Path) -> None:
    listing = tmp_path / "cpuinfo"
    listing.write_text("processor\t: 0\nflags\t\t: fpu avx512_bf16\n\nprocessor\t: 1\nflags\t\t: fpu\n")

    assert cpu_flags(listing) == {"fpu", "avx512_bf16"}
    assert cpu_flags(tmp_path / "missing") == set()


def test_choice_is_logged(small_model: Model, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="cakelens.backends"):
        backends.make_runner(small_model, "cpu", "fp32")

    assert caplog.messages[0] == "backend streaming on cpu in float32"


def test_backend_can_be_overridden(small_model: Model, frames_uint8: torch.Tensor) -> None:
    run = backends.make_runner(small_model, "cpu", "fp32", backend="eager")

    assert run is small_model


@pytest.mark.parametrize("arguments", [("fp16", None), ("fp32", "magic")])
def test_unknown_choices_are_refused(arguments: tuple[str, str | None], small_model: Model) -> None:
    precision, backend = arguments

    with pytest.raises(ValueError, match=r"must be one of .*, got '(fp16|magic)'"):
        backends.make_runner(small_model, "cpu", precision, backend)  # type: ignore[arg-type]


def test_streaming_refuses_what_it_cannot_run() -> None:
    with pytest.raises(ValueError, match="backend streaming runs the v5 on a CPU, not motion on cpu"):
        backends.make_runner(Model(TINY), "cpu", "fp32", backend="streaming")


def test_a_model_wider_than_the_kernel_runs_in_torch(caplog: pytest.LogCaptureFixture) -> None:
    wide = ModelConfig(window=15, initial_channels=4, num_blocks=1, channels_step=600, hidden=(4, 4, 4))

    with caplog.at_level(logging.INFO, logger="cakelens.backends"):
        backends.make_runner(Model(wide), "cpu", "fp32")

    assert caplog.messages[-1] == "norms: torch"


@pytest.mark.nightly
@pytest.mark.skipif(shutil.which("g++") is None, reason="inductor needs a C++ compiler")
def test_inductor_equals_eager(small_model: Model, frames_uint8: torch.Tensor) -> None:
    run = backends.make_runner(small_model, "cpu", "fp32", backend="inductor")

    with torch.inference_mode():
        logits_NL = run(frames_uint8)

    torch.testing.assert_close(logits_NL, small_model(frames_uint8), rtol=1e-3, atol=1e-4)
