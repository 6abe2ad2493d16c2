import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from cakelens import weights
from cakelens.config import TINY, V5, ModelConfig
from cakelens.labels import V5_LABELS
from cakelens.model import Model
from cakelens.weights import WeightsError, load_into, load_model, read_metadata, save_weights


def test_weights_survive_a_round_trip(small_model: Model, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"

    save_weights(small_model, path, slug="v6.0", extra={"batch_digest": "abc"})
    loaded = load_model(path)

    assert loaded.config == small_model.config
    for name, tensor in small_model.state_dict().items():
        assert loaded.state_dict()[name].equal(tensor)
    assert not loaded.training
    assert all(parameter.requires_grad for parameter in loaded.parameters())


def test_metadata_says_what_the_weights_are(small_model: Model, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"

    save_weights(small_model, path, slug="v6.0", extra={"batch_digest": "abc"})

    metadata = read_metadata(path)
    assert metadata["cakelens_slug"] == "v6.0"
    assert metadata["batch_digest"] == "abc"
    assert json.loads(metadata["cakelens_labels"]) == list(V5_LABELS)
    assert json.loads(metadata["cakelens_mean"]) == list(V5.mean)
    assert ModelConfig.from_dict(json.loads(metadata["cakelens_config"])) == small_model.config


def test_a_failed_save_leaves_nothing(small_model: Model, tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        save_weights(small_model, tmp_path / "model.safetensors", extra={"number": 1})  # type: ignore[dict-item]

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("is_wrapped", [True, False])
@pytest.mark.parametrize("is_zip", [True, False])
def test_published_checkpoint_is_read(
    is_wrapped: bool, is_zip: bool, small_model: Model, tmp_path: Path
) -> None:
    path = tmp_path / "model.pth"
    state = small_model.state_dict()
    checkpoint = {"model_state_dict": state} if is_wrapped else state
    torch.save(checkpoint, path, _use_new_zipfile_serialization=is_zip)
    model = Model(small_model.config)

    load_into(model, path)

    assert model.stem_conv.weight.equal(small_model.stem_conv.weight)


def test_predecessors_way_of_loading_works(small_model: Model, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save({"model_state_dict": small_model.state_dict()}, path)
    model = Model(small_model.config)

    model.load_state_dict(torch.load(path)["model_state_dict"])

    assert model.stem_conv.weight.equal(small_model.stem_conv.weight)


def test_weights_from_the_hub_are_loaded(
    small_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save({"model_state_dict": small_model.state_dict()}, tmp_path / "hub.pth")
    monkeypatch.setattr(weights, "download_v5", lambda: tmp_path / "hub.pth")
    model = Model(small_model.config)

    model.load_from_huggingface_hub()

    assert model.stem_conv.weight.equal(small_model.stem_conv.weight)


def test_hub_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.hf_hub_download", raise_connection_error)

    with pytest.raises(
        WeightsError, match=r"fangpenlin/cakelens-v5: .* could not be downloaded \(no route\)"
    ):
        weights.download_v5()


def raise_connection_error(**arguments: str) -> None:
    raise ConnectionError("no route")


class Malicious:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("executed"),)  # type: ignore[return-value]


def bad_weights(kind: str, path: Path) -> None:
    model = Model(TINY)
    if kind == "another shape":
        torch.save({"model_state_dict": {**model.state_dict(), "seq.input_conv0.bias": torch.zeros(9)}}, path)
    elif kind == "another model":
        torch.save({"model_state_dict": {"layer.weight": torch.zeros(2)}}, path)
    elif kind == "pickle of a list":
        path.write_bytes(pickle.dumps([1, 2, 3], protocol=2))
    elif kind == "pickle of code":
        path.write_bytes(pickle.dumps(Malicious(), protocol=2))
    elif kind == "text":
        path.write_text("not weights")
    elif kind == "empty":
        path.touch()
    elif kind == "broken safetensors":
        save_weights(model, path)
        path.write_bytes(path.read_bytes()[:-100])
    elif kind == "folder":
        path.mkdir()


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("another shape", r"another shape \(seq.input_conv0.bias is \(9,\), expected \(8,\)\)"),
        ("another model", r"another model \(\d+ weights missing: seq"),
        ("pickle of a list", "is not a checkpoint"),
        ("pickle of code", "is a pickle that is not plain weights; it was not executed"),
        ("text", "is not a checkpoint|is a pickle that is not plain weights"),
        ("empty", "is not a checkpoint"),
        ("broken safetensors", "is not a whole safetensors file"),
        ("folder", "Is a directory"),
        ("missing", "No such file"),
    ],
)
def test_bad_weights_are_named_with_the_reason(
    kind: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "weights"
    bad_weights(kind, path)
    model = Model(TINY)

    with pytest.raises(WeightsError, match=reason) as error:
        load_into(model, path)

    assert str(error.value).startswith(f"{path}: ")
    assert not Path("executed").exists()


def test_bad_weights_leave_the_model_as_it_was(tmp_path: Path) -> None:
    model = Model(TINY)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    bad_weights("another shape", tmp_path / "weights")

    with pytest.raises(WeightsError):
        load_into(model, tmp_path / "weights")

    assert all(tensor.equal(before[name]) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("cakelens_labels", json.dumps(list(reversed(V5_LABELS))), "label 0 is 'VIDU', expected 'AI_GEN'"),
        ("cakelens_config", json.dumps({"planet": "Mars"}), "unknown model config key 'planet'"),
        ("cakelens_config", "{", "Expecting property name"),
    ],
)
def test_weights_of_other_labels_or_versions_are_refused(
    key: str, value: str, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.safetensors"
    save_weights(Model(TINY), path)
    save_file({"x": torch.zeros(1)}, path, metadata={**read_metadata(path), key: value})

    with pytest.raises(WeightsError, match=reason):
        load_model(path)


def test_weights_of_another_preset_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_weights(Model(TINY), path)

    with pytest.raises(WeightsError, match=r"is for another model \(motion, window 96\)"):
        load_into(Model(ModelConfig(window=48, initial_channels=4, num_blocks=1, hidden=(8, 8, 8))), path)
