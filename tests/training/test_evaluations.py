"""`manage.py evaluate`: real models on a real batch of real files."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from django.core.management import CommandError, call_command

from cakelens.config import TINY
from cakelens.model import Model
from cakelens.weights import save_weights
from inference import registry, runner
from inference.models import ModelVersion
from training.evaluating.pairing import without_scores
from training.models import TrainingBatch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.usefixtures("own_runs")]
SMALL = replace(TINY, window=32, initial_channels=4, channels_step=4, hidden=(8, 8, 8))


@pytest.fixture
def batch(export_clips: Callable[[int], TrainingBatch]) -> TrainingBatch:
    """Twenty labeled clips: two of test, two of validation."""
    return export_clips(20)


@pytest.fixture
def add_model(tmp_path: Path) -> Callable[[str, int], ModelVersion]:
    """`add_model("a", 1)` registers random weights."""

    def add(slug: str, seed: int) -> ModelVersion:
        torch.manual_seed(seed)
        path = tmp_path / f"{slug}.safetensors"
        save_weights(Model(SMALL), path)
        return registry.register(slug, path, runner.describe(path), registry.Origin())

    return add


AddModel = Callable[[str, int], ModelVersion]


def test_evaluate_writes_the_report_and_keeps_the_numbers(
    batch: TrainingBatch, add_model: AddModel, tmp_path: Path
) -> None:
    model = add_model("a", 1)

    call_command("evaluate", batch.slug, model="a", framesets=1, device="cpu")

    folder = tmp_path / "evaluations" / f"a-on-{batch.slug}"
    model.refresh_from_db()
    kept = model.metrics["evaluations"][batch.slug]
    written = json.loads((folder / "metrics.json").read_text())
    assert without_scores(written) == kept
    assert model.video_scores.get(batch=batch.slug).scores == written["test"]["scores"]
    assert len(written["test"]["scores"]) == batch.num_test
    assert (model.metrics["batch"], model.metrics["num_videos"]) == (batch.slug, batch.num_test)
    assert "metadata alone" in (folder / "report.md").read_text()
    assert "reliability.png" in {path.name for path in folder.iterdir()}


def test_ladder_measures_each_rung(
    batch: TrainingBatch, add_model: AddModel, capsys: pytest.CaptureFixture[str]
) -> None:
    add_model("a", 1)

    call_command("evaluate", batch.slug, model="a", framesets=1, device="cpu", ladder=True, json=True)

    rungs = json.loads(capsys.readouterr().out)["ladder"]
    assert [(rung["quality"], rung["num_videos"]) for rung in rungs] == [
        (28, batch.num_test),
        (36, batch.num_test),
        (44, batch.num_test),
    ]


def test_unknown_model_is_named(batch: TrainingBatch) -> None:
    with pytest.raises(CommandError, match=r"There is no model nobody. /models/ lists them."):
        call_command("evaluate", batch.slug, model="nobody")


def test_unknown_batch_is_named(add_model: AddModel) -> None:
    add_model("a", 1)

    with pytest.raises(CommandError, match=r"There is no exported batch v9. Run `manage.py export_batch`"):
        call_command("evaluate", "v9", model="a")
