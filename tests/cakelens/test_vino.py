"""The v5 through OpenVINO, the extra for machines without a C compiler."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from cakelens import backends
from cakelens.model import Model
from cakelens.native import native_passes
from cakelens.vino import VinoModel

pytestmark = pytest.mark.slow


@pytest.fixture
def no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hide every program from PATH, compilers among them."""
    monkeypatch.setenv("PATH", str(tmp_path))
    native_passes.cache_clear()
    yield
    native_passes.cache_clear()


def test_openvino_equals_forward(small_model: Model, frames_uint8: torch.Tensor) -> None:
    expected_NL = small_model(frames_uint8)

    with torch.inference_mode():
        logits_NL = VinoModel(small_model)(frames_uint8)

    assert (logits_NL - expected_NL).abs().max() < 1e-5 * expected_NL.std()


def test_openvino_in_bf16_stays_near_fp32(small_model: Model, frames_uint8: torch.Tensor) -> None:
    expected_NL = small_model(frames_uint8)

    with torch.inference_mode():
        logits_NL = VinoModel(small_model, torch.bfloat16)(frames_uint8)

    assert (logits_NL - expected_NL).abs().max() < 0.1 * expected_NL.std()


def test_openvino_sees_weights_learned_later(small_model: Model, frames_uint8: torch.Tensor) -> None:
    run = VinoModel(small_model)
    with torch.inference_mode():
        run(frames_uint8)
    with torch.no_grad():
        small_model.stem_conv.weight.mul_(-1)

    with torch.inference_mode():
        logits_NL = run(frames_uint8)

    torch.testing.assert_close(logits_NL, small_model(frames_uint8), rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("no_compiler")
def test_openvino_is_taken_where_there_is_no_compiler(small_model: Model) -> None:
    assert backends.best_backend(small_model, "cpu", "auto") == "openvino"


@pytest.mark.usefixtures("no_compiler")
def test_streaming_runs_without_compiler_and_without_openvino(
    small_model: Model, frames_uint8: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "find_spec", lambda _: None)

    with torch.inference_mode():
        logits_NL = backends.make_runner(small_model, "cpu", "fp32")(frames_uint8)

    torch.testing.assert_close(logits_NL, small_model(frames_uint8), rtol=1e-4, atol=1e-5)
